#include "runtime/seeding.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <mutex>

#include "dsnn/rng.h"

namespace dsnn::runtime {
namespace {

void set_seed(at::Generator generator, uint64_t seed) {
  const std::scoped_lock lock(generator.mutex());
  generator.set_current_seed(seed);
}

}  // namespace

void seed_step(uint64_t seed, int64_t step, c10::Device device) {
  const uint64_t mixed = hash64(hash64(seed, "torch"), static_cast<uint64_t>(step));
  set_seed(at::detail::getDefaultCPUGenerator(), mixed);
  if (!device.is_cpu()) set_seed(at::globalContext().defaultGenerator(device), mixed);
}

}  // namespace dsnn::runtime
