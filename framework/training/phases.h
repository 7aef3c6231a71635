#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "dsnn/types.h"

namespace dsnn::training {

/// A stopwatch that is always in exactly one phase: where the wall time of one budget step went. One thread.
class Phases {
 public:
  enum class Phase { start, data, forward, backward, optimizer, validation, checkpoint };

  /// Ends the running phase and begins `next`.
  void enter(Phase next) {
    const auto now = std::chrono::steady_clock::now();
    seconds_[static_cast<size_t>(phase_)] += std::chrono::duration<double>(now - since_).count();
    since_ = now;
    phase_ = next;
  }

  /// step.start_seconds, step.data_seconds ...; measured, never reproducible.
  std::vector<Metric> metrics() {
    enter(phase_);
    static constexpr std::array kNames = {"start",     "data",       "forward",   "backward",
                                          "optimizer", "validation", "checkpoint"};
    std::vector<Metric> out;
    for (size_t i = 0; i < kNames.size(); ++i)
      out.push_back({"step." + std::string(kNames[i]) + "_seconds", seconds_[i]});
    return out;
  }

 private:
  std::array<double, 7> seconds_{};
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  Phase phase_ = Phase::start;
};

}  // namespace dsnn::training
