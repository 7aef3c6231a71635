#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dsnn/error.h"
#include "dsnn/types.h"
#include "store/store.h"

namespace dsnn::study {

/// A worker that can take a trial now.
struct WorkerSlot {
  std::string name;
  int64_t pid = 0;
};

/// One attempt of a trial.
struct Assignment {
  TrialRequest request;
  int64_t fence = 0;
  int attempt = 1;
};

/// How an attempt ended.
struct Outcome {
  enum class Kind {
    evaluated,     ///< `evaluation` says how
    crashed,       ///< `evaluation` is the failure; may be tried again under limits.trial.retries
    lost,          ///< infrastructure: killed from outside; always tried again, within reason
    stopped,       ///< somebody else asked its worker to stop, and it saved its work; as lost
    preempted,     ///< stopped because the driver asked for it
    config_error,  ///< the user's input is at fault; `error` says where
  };
  Kind kind = Kind::evaluated;
  int64_t number = 0;
  int64_t fence = 0;
  Evaluation evaluation;
  store::AttemptRecord attempt;
  std::vector<Diagnostic> error;
  int64_t checkpoint_ns = 0;  ///< of lost and stopped: when the trial's newest checkpoint was written, 0 = it has none
};

/// Values of one epoch of a running trial.
struct EpochReport {
  int64_t number = 0;
  int attempt = 1;
  int64_t step = 0;
  std::vector<Metric> metrics;
  double wall_seconds = 0;
};

/// The analytic metrics of a trial, before it trains.
struct StaticReport {
  int64_t number = 0;
  std::vector<Metric> metrics;
};

/// What happened since the last wait().
struct RunnerEvents {
  std::vector<Outcome> outcomes;
  std::vector<EpochReport> epochs;
  std::vector<StaticReport> statics;
  std::vector<std::string> warnings;
};

/// Where trials run: worker processes, or the driver itself. Driver thread only.
class TrialRunner {
 public:
  virtual ~TrialRunner() = default;

  /// True when idle_worker() can give a worker.
  virtual bool has_idle() const = 0;
  /// A free worker (a process is started when needed), or nullopt when all are busy.
  virtual std::optional<WorkerSlot> idle_worker() = 0;
  /// Starts one attempt on the worker that idle_worker() named last.
  virtual void start(const Assignment& assignment) = 0;
  /// Blocks until something happened, a stop was asked for, or the time is over. Throws ConfigError or PluginError when
  /// no worker can be started for this experiment.
  virtual RunnerEvents wait(double max_seconds) = 0;
  /// How often the user asked to stop: 0, 1 (checkpoint and end) or more (now).
  virtual int stop_requests() const = 0;
  /// Asks running trials to checkpoint and return; they come back as `preempted`.
  virtual void cancel() = 0;
  /// Ends every worker now.
  virtual void kill() = 0;
};

}  // namespace dsnn::study
