#include "study/limit_tracker.h"

#include <cmath>

#include "study/objectives.h"

namespace dsnn::study {
namespace {

bool is_epochs(const std::string& axis) { return axis == "epochs" || axis.ends_with(".epochs"); }

/// Sums of many thirds must not miss a limit they equal.
constexpr double kSlack = 1e-9;

}  // namespace

LimitTracker::LimitTracker(const config::ExperimentSpec& spec, double kg_per_kwh)
    : spec_(spec), kg_per_kwh_(kg_per_kwh) {}

/// Epochs from the seed to the end of that trial; nullopt when its evaluator has none.
std::optional<double> LimitTracker::epochs_of(const TrialRequest& request) const {
  if (spec_.fidelity) {
    for (size_t i = 0; i < spec_.fidelity->axes.size() && i < request.budget.value.size(); ++i) {
      if (is_epochs(spec_.fidelity->axes[i])) return request.budget.value[i];
    }
  }
  const Value* training = spec_.tree.find("training");
  const Value* epochs = training != nullptr ? training->find("epochs") : nullptr;
  if (epochs == nullptr) return std::nullopt;
  if (const Value* parameter = epochs->find("$parameter")) epochs = request.configuration.find(parameter->string());
  return epochs != nullptr && epochs->is_number() ? std::optional(epochs->number()) : std::nullopt;
}

void LimitTracker::count(const TrialRequest& request, const TrialRequest* parent, int sign) {
  if (request.origin == Origin::imported) return;
  trials_ += sign;
  if (request.root == request.number) configurations_ += sign;
  const std::optional<double> epochs = epochs_of(request);
  if (epochs != 0.0) full_trainings_ += sign * request.budget.resource;  // without an epoch nothing is trained
  const bool continues = parent != nullptr && (!spec_.fidelity || spec_.fidelity->continue_from_checkpoint);
  epochs_ += sign * (epochs.value_or(0) - (continues ? epochs_of(*parent).value_or(0) : 0));
}

void LimitTracker::add(const TrialRequest& request, const TrialRequest* parent) { count(request, parent, 1); }

void LimitTracker::take_back(const TrialRequest& request, const TrialRequest* parent) { count(request, parent, -1); }

void LimitTracker::add(const Evaluation& evaluation) {
  const Metric* energy = find_metric(evaluation.metrics, "step.energy_kwh");
  if (energy != nullptr && std::isfinite(energy->value)) energy_kwh_ += energy->value;
}

bool LimitTracker::configurations_reached() const {
  return spec_.limits.configurations && configurations_ >= *spec_.limits.configurations;
}

std::string LimitTracker::reached() const {
  const config::Limits& limits = spec_.limits;
  if (limits.trials && trials_ >= *limits.trials) return "trials";
  if (limits.full_trainings && full_trainings_ >= *limits.full_trainings * (1 - kSlack)) return "full_trainings";
  if (limits.epochs && epochs_ >= *limits.epochs * (1 - kSlack)) return "epochs";
  return used_up(1);
}

/// Of the limits on what a study uses, the one that it has used so many times.
std::string LimitTracker::used_up(double times) const {
  const config::Limits& limits = spec_.limits;
  if (limits.wall_seconds && wall_seconds_ >= *limits.wall_seconds * times) return "wall";
  if (limits.energy_kwh && energy_kwh_ >= *limits.energy_kwh * times) return "energy_kwh";
  if (limits.emissions_kg && emissions_kg() >= *limits.emissions_kg * times) return "emissions_kg";
  return "";
}

}  // namespace dsnn::study
