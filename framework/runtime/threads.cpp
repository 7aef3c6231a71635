#include "runtime/threads.h"

#include <ATen/Parallel.h>
#include <malloc.h>

#include <algorithm>
#include <thread>

namespace dsnn::runtime {

void set_threads(int threads) {
  constexpr int kKeptBytes = 1 << 30;
  static const bool kept = mallopt(M_MMAP_THRESHOLD, kKeptBytes) == 1 && mallopt(M_TRIM_THRESHOLD, kKeptBytes) == 1;
  static_cast<void>(kept);
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

int threads_for(int wanted, bool deterministic, int workers) {
  if (wanted > 0) return wanted;
  if (deterministic) return 1;
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return std::max(1, cores / std::max(1, workers));
}

}  // namespace dsnn::runtime
