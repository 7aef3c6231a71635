#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "execution/worker_pool.h"

namespace dsnn::execution {

/// One process of a WorkerPool, as the pool's own sources see it.
struct WorkerPool::Worker {
  enum class Why { running, cancelled, timeout, stall, memory };

  std::string name;
  std::unique_ptr<WorkerProcess> process;
  bool ready = false;    ///< the evaluator is made
  bool leaving = false;  ///< takes no further trial
  bool dead = false;
  std::optional<study::Assignment> trial;
  Why why = Why::running;
  bool killed = false;  ///< by us, with SIGKILL
  Clock::time_point started, last_beat, kill_at;
  int64_t start_us = 0, peak_rss_bytes = 0;
  int trials_done = 0;
  int64_t rss = 0, first_rss = 0, files = 0, first_files = 0;
};

/// "0.2 s" and "512 MiB", for messages about limits.
std::string seconds_text(double seconds);
std::string size_text(int64_t bytes);

}  // namespace dsnn::execution
