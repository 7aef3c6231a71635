#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dsnn/config_view.h"
#include "dsnn/factory.h"
#include "dsnn/graph.h"
#include "dsnn/kind.h"
#include "dsnn/types.h"

namespace dsnn {

/// What is known of a configuration without data or training.
struct Description {
  std::optional<Graph> graph;
  std::vector<Metric> metrics;         ///< model.*, analytic inference.*
  std::vector<std::string> converted;  ///< names of the layers an operator replaces, in the order of conversion
  std::vector<std::string> warnings;
};

/// What can be said of an experiment before its first trial.
struct Findings {
  std::vector<Diagnostic> errors;  ///< each of them would end a trial
  std::vector<std::string> notes;  ///< worth a line of the run's log: how many samples the parts have
};

/// What a trial may use and must obey. Lives in the worker, one per trial.
class TrialContext {
 public:
  virtual ~TrialContext();
  /// The whole experiment with every domain replaced by the trial's value.
  virtual ConfigView experiment() const = 0;
  virtual const ComponentFactory& factory() const = 0;
  virtual std::filesystem::path run_folder() const = 0;
  virtual std::filesystem::path trial_folder() const = 0;  ///< exists; the trial writes here only
  virtual bool cancelled() const = 0;                      ///< poll between batches: checkpoint and return
  virtual void beat() = 0;                                 ///< at least once a batch; cheap
  /// Values of one epoch, for progress, curves and the store.
  virtual void report(int64_t step, const std::vector<Metric>& metrics) = 0;
  virtual int rank() const { return 0; }
  virtual int world() const { return 1; }
};

/// Measures configurations. Runs in a worker process, one thread.
///
/// evaluate() fills metrics, readings, seconds, resource_spent, checkpoint and message; the driver takes objectives
/// and constraints from the metrics. It throws EvaluationError (or any std::exception) when the trial fails, and
/// returns state `waiting` when it stopped because it was cancelled.
class Evaluator {
 public:
  using Interface = Evaluator;
  static constexpr Kind kKind = Kind::evaluator;
  static constexpr bool kNeedsTorch = false;
  virtual ~Evaluator();

  /// Graph and static metrics of a resolved experiment; no data set is read.
  virtual Description describe(const ConfigView& experiment, const ComponentFactory& factory) = 0;
  /// Looks for everything that would end a trial of a resolved experiment and can be known before: components that
  /// refuse their section, parts that do not fit together, data that is missing or too little, also at the `smallest`
  /// budget of the study. Files are found and counted, not decoded; nothing is trained or written. Throws PluginError.
  /// The default is satisfied with what describe() says.
  virtual Findings check(const ConfigView& experiment, const Budget& smallest, const ComponentFactory& factory);
  virtual Evaluation evaluate(const TrialRequest& request, TrialContext& context) = 0;
};

}  // namespace dsnn
