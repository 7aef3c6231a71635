// How a study begins.
#include "study/study.h"

namespace dsnn::study {

bool wants_default(const config::ExperimentSpec& spec) {
  if (!spec.is_search()) return true;
  const Value* report = spec.tree.find("report");
  const Value* flag = report != nullptr ? report->find("default") : nullptr;
  return flag == nullptr || !flag->is_bool() || flag->boolean();
}

TrialRequest default_request(const config::ExperimentSpec& spec) {
  TrialRequest request;
  request.origin = Origin::default_;
  request.configuration = spec.space.default_configuration();
  if (spec.fidelity) request.budget.value = spec.fidelity->max;
  return request;
}

SchedulerSetup scheduler_setup(const config::ExperimentSpec& spec) {
  SchedulerSetup setup;
  if (spec.fidelity) {
    setup.min = spec.fidelity->min;
    setup.max = spec.fidelity->max;
    setup.eta = spec.fidelity->eta;
    setup.continue_from_checkpoint = spec.fidelity->continue_from_checkpoint;
  }
  setup.targets = spec.objectives;
  setup.targets.insert(setup.targets.end(), spec.constraints.begin(), spec.constraints.end());
  setup.seed = static_cast<uint64_t>(spec.seed);
  return setup;
}

std::string initial_design_note(const config::ExperimentSpec& spec, const AcquisitionStrategy& acquisition) {
  const int64_t initial = acquisition.initial_size(spec.space);
  const config::Limits& limits = spec.limits;
  const bool by_trials = limits.trials && limits.trials <= limits.configurations.value_or(*limits.trials);
  const std::optional<int64_t> limit = by_trials ? limits.trials : limits.configurations;
  if (initial == 0 || !limit || initial < *limit) return "";
  return "the initial design has " + std::to_string(initial) + " configurations and limits." +
         (by_trials ? "trials" : "configurations") + " is " + std::to_string(*limit) +
         ", so nothing that is learnt will be used; raise the limit or make the initial design smaller";
}

}  // namespace dsnn::study
