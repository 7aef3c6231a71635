#include "runtime/threads.h"

#include <ATen/Parallel.h>
#include <malloc.h>

#include <algorithm>

namespace dsnn::runtime {
namespace {

/// About 10 ms of a step on one core. A step is some fifty parallel regions, each costing some 20 us to wake and join.
constexpr double kMacsPerThread = 1e8;

/// What the OpenMP runtime began with, whatever was set since.
int given_threads() {
  static const int given = at::get_num_threads();
  return given;
}

}  // namespace

void set_threads(int threads) {
  constexpr int kKeptBytes = 1 << 30;
  static const bool kept = mallopt(M_MMAP_THRESHOLD, kKeptBytes) == 1 && mallopt(M_TRIM_THRESHOLD, kKeptBytes) == 1;
  static_cast<void>(kept);
  given_threads();
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

int threads_worth(double step_macs) {
  return static_cast<int>(
      std::clamp(step_macs / kMacsPerThread, 1.0, static_cast<double>(std::max(1, given_threads()))));
}

}  // namespace dsnn::runtime
