#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "config/spec.h"
#include "dsnn/evaluator.h"
#include "plugin/loader.h"

namespace dsnn::execution {

/// What a running trial says to whoever started it.
struct TrialHooks {
  std::function<bool()> cancelled;
  std::function<void()> beat;
  std::function<void(int64_t step, const std::vector<Metric>& metrics, double seconds)> report;
  std::function<void(const std::vector<Metric>& metrics)> known_before;  ///< analytic metrics
};

/// Runs trials of one study in this process: makes the evaluator once, then takes one trial after another.
class TrialExecutor {
 public:
  /// Throws ConfigError or PluginError when the evaluator cannot be made here.
  TrialExecutor(const config::ExperimentSpec& spec, const plugin::Catalog& catalog, plugin::Loader::Torch torch,
                std::filesystem::path run_folder);
  ~TrialExecutor();

  /// The outcome of one trial, failures included; state `waiting` when it stopped because it was cancelled. A
  /// configuration that a static constraint forbids comes back infeasible without training.
  /// Throws ConfigError when the user's input is at fault and ExitError 74 when the disk is.
  Evaluation run(const TrialRequest& request, const TrialHooks& hooks);
  Description describe(const Configuration& configuration);
  /// What the evaluator finds wrong with the probes of the search space, each mistake once, at its place; the notes are
  /// those of the default configuration.
  Findings check();

 private:
  Evaluation evaluate(const TrialRequest& request, const ConfigView& experiment, const TrialHooks& hooks);
  std::optional<Evaluation> refuse_infeasible(const ConfigView& experiment, const TrialHooks& hooks);
  std::string evaluator_name() const;

  const config::ExperimentSpec& spec_;
  plugin::Loader loader_;
  std::filesystem::path run_folder_;
  Value evaluator_section_;
  std::unique_ptr<Evaluator> evaluator_;
};

/// The folder of a trial, relative to the run folder.
std::filesystem::path trial_folder(int64_t number);

}  // namespace dsnn::execution
