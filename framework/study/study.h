#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "dsnn/acquisition.h"
#include "dsnn/fidelity_scheduler.h"
#include "dsnn/types.h"
#include "store/store.h"

namespace dsnn::study {

/// True when trial 0 is the default configuration.
bool wants_default(const config::ExperimentSpec& spec);
/// That trial, at the full budget.
TrialRequest default_request(const config::ExperimentSpec& spec);
/// What the study tells its fidelity scheduler.
SchedulerSetup scheduler_setup(const config::ExperimentSpec& spec);

/// Says so when the limits end the study before its acquisition strategy has learnt anything; "" = all is well.
std::string initial_design_note(const config::ExperimentSpec& spec, const AcquisitionStrategy& acquisition);

/// What the front of a study is made of (rule 16): complete trials whose constraints hold, at the full budget or at
/// any.
struct FrontRule {
  std::vector<Target> objectives, constraints;
  std::optional<double> full_budget;  ///< on the first axis; nullopt = every trial is at the full budget
  bool any_budget = false;
  std::string budget_name;  ///< of the first axis: "epochs"

  /// True when a trial may be on the front as far as its budget goes.
  bool admits(const TrialRequest& request) const;
  /// Which trials the front is of, to follow a noun: " at epochs 9", " of any epochs", "" without budgets.
  std::string of() const;
  /// True when hypervolumes do not move with the worst trial: every objective has its reference.
  bool has_references() const;
};

FrontRule front_rule(const config::ExperimentSpec& spec);
/// Of a recorded study; what an older store does not say is taken from its trials.
FrontRule front_rule(const store::StudyRecord& study, const std::vector<store::TrialRecord>& trials);

/// The non-dominated trials. Trial numbers, sorted by the first objective.
std::vector<int64_t> front(const std::vector<store::TrialRecord>& trials, const FrontRule& rule);
/// The knee of that front (pareto/front.h); nullopt when it has fewer than three members.
std::optional<int64_t> knee(const std::vector<store::TrialRecord>& trials, const FrontRule& rule);
/// What hypervolumes of this study are measured against, every objective minimised (maximised ones negated): the
/// targets' references, else the worst finite value of a complete trial at any budget plus 10 % of the range.
std::vector<double> reference_point(const std::vector<store::TrialRecord>& trials,
                                    const std::vector<Target>& objectives);
/// Hypervolume of that front with respect to reference_point(); 0 without a front.
double hypervolume(const std::vector<store::TrialRecord>& trials, const FrontRule& rule);
/// A sentence for each reference that no trial reaches, which makes that hypervolume 0.
std::vector<std::string> hypervolume_notes(const std::vector<store::TrialRecord>& trials, const FrontRule& rule);

/// What `stopped_by` says instead of a limit when constraints known before training refused so many configurations in a
/// row that the search was given up: what is refused counts for no limit, and a space may hold nothing else.
inline constexpr const char* kNothingFeasible = "nothing feasible";
inline constexpr int64_t kMostRefusals = 1000;

/// What ended a finished study, in words: "limits.trials reached". `stopped_by` as LoopResult has it.
std::string ending_text(const std::string& stopped_by);

}  // namespace dsnn::study
