#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "dsnn/evaluator.h"
#include "execution/cpu_budget.h"
#include "execution/signals.h"
#include "execution/worker_process.h"
#include "study/trial_runner.h"

namespace dsnn::execution {

/// What a pool of workers needs to know.
struct PoolOptions {
  const config::ExperimentSpec& spec;
  std::vector<std::filesystem::path> plugin_dirs;
  std::filesystem::path run_folder;  ///< absolute
  std::filesystem::path program = "/proc/self/exe";
  StopSignals* stop = nullptr;
  double grace_seconds = 10;  ///< from SIGTERM to SIGKILL
};

/// Long-lived worker processes that run trials one after another.
///
/// A worker that crashes, hangs, grows or is cancelled costs one trial and is replaced. Driver thread only.
class WorkerPool : public study::TrialRunner {
 public:
  explicit WorkerPool(PoolOptions options);
  ~WorkerPool() override;

  bool has_idle() const override;
  std::optional<study::WorkerSlot> idle_worker() override;
  void start(const study::Assignment& assignment) override;
  study::RunnerEvents wait(double max_seconds) override;
  int stop_requests() const override { return options_.stop != nullptr ? options_.stop->count() : 0; }
  void cancel() override;
  void kill() override;

  /// What the evaluator knows of a configuration without data; waits for a worker, at most limits.trial.stall. What
  /// happens to running trials meanwhile is kept for the next wait(). Same errors as wait().
  Description describe(const Configuration& configuration);

 private:
  struct Worker;
  using Clock = std::chrono::steady_clock;

  Worker& spawn();
  void step(double max_seconds);
  void read(Worker& worker);
  void take(Worker& worker, const Value& message);
  void take_evaluation(Worker& worker, const Value& message);
  void take_ready(Worker& worker);
  void finish(Worker& worker, study::Outcome outcome);
  void bury(Worker& worker, const ProcessEnd& end);
  void count_failed_start(const Worker& worker, const ProcessEnd& end);
  std::string why_not_ready(const Worker& worker, const ProcessEnd& end) const;
  void check_build(const Value& hello) const;
  study::Outcome post_mortem(const Worker& worker, const ProcessEnd& end) const;
  study::Outcome stopped_from_outside(const Worker& worker) const;
  bool broke_limit(const Worker& worker, Evaluation& evaluation) const;
  int64_t checkpoint_ns(int64_t trial) const;
  void check_times(Worker& worker);
  void check_memory(Worker& worker);
  void ask_to_stop(Worker& worker);
  void retire(Worker& worker);
  Clock::time_point grace_end() const;
  bool outgrown(const Worker& worker) const;
  void poll_all(double max_seconds);
  void remove_dead();
  study::Outcome outcome_of(const Worker& worker) const;

  PoolOptions options_;
  Placement placement_;
  std::string host_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Worker* offered_ = nullptr;
  int spawned_ = 0, failed_starts_ = 0;
  int64_t memory_kills_ = 0;
  study::RunnerEvents events_;  ///< that wait() has not given out yet
  std::optional<Description> description_;
};

}  // namespace dsnn::execution
