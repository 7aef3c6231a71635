#include "study/objectives.h"

#include <cmath>
#include <map>

namespace dsnn::study {
namespace {

struct Selection {
  std::string metric = "validation.error";
  bool maximize = false;
};

/// What decides which epoch is `at: best`: training.select, else the validation error.
Selection selection_of(const config::ExperimentSpec& spec) {
  Selection out;
  const Value* training = spec.tree.find("training");
  const Value* select = training != nullptr ? training->find("select") : nullptr;
  if (select == nullptr || !select->is_map()) return out;
  const Value* metric = select->find("metric");
  const Value* goal = select->find("goal");
  if (metric != nullptr && metric->is_string()) out.metric = metric->string();
  if (goal != nullptr && goal->is_string()) out.maximize = goal->string() == "maximize";
  return out;
}

bool better(double a, double b, bool maximize) {
  return std::isfinite(a) && (!std::isfinite(b) || (maximize ? a > b : a < b));
}

/// Value of `metric` at the step where `by` is best, or nullopt when either was never reported.
std::optional<double> value_at_best(const std::vector<store::EpochMetric>& history, const std::string& metric,
                                    const Selection& by) {
  std::map<int64_t, double> wanted;
  std::optional<std::pair<int64_t, double>> best;
  for (const store::EpochMetric& row : history) {
    if (row.name == metric) wanted[row.step] = row.value;
    if (row.name == by.metric && (!best || better(row.value, best->second, by.maximize))) best = {row.step, row.value};
  }
  if (!best || !wanted.contains(best->first)) return std::nullopt;
  return wanted[best->first];
}

std::optional<double> value_of(const Target& target, const Evaluation& evaluation, const config::ExperimentSpec& spec,
                               const EpochHistory& history) {
  if (target.at == "best" || target.at == "peak") {
    const Selection by = target.at == "best"
                             ? selection_of(spec)
                             : Selection{.metric = target.metric, .maximize = target.goal == Goal::maximize};
    if (const auto value = value_at_best(history(), target.metric, by)) return value;
  }
  const Metric* found = find_metric(evaluation.metrics, target.metric);
  return found != nullptr ? std::optional<double>(found->value) : std::nullopt;
}

std::string missing(const Target& target) {
  return "the evaluator reported no metric '" + target.metric + "', which the target '" + target.name + "' needs";
}

}  // namespace

bool is_static(const Target& constraint) {
  if (constraint.meter == "measured") return false;
  return constraint.metric.starts_with("model.") || constraint.metric.starts_with("inference.");
}

std::string violated(const std::vector<Target>& constraints, const std::vector<Metric>& metrics) {
  for (const Target& constraint : constraints) {
    const Metric* found = find_metric(metrics, constraint.metric);
    if (found == nullptr) continue;
    if (constraint.max && !(found->value <= *constraint.max)) {
      return constraint.metric + " is " + to_text(Value(found->value)) + ", at most " +
             to_text(Value(*constraint.max)) + " is allowed";
    }
    if (constraint.min && !(found->value >= *constraint.min)) {
      return constraint.metric + " is " + to_text(Value(found->value)) + ", at least " +
             to_text(Value(*constraint.min)) + " is needed";
    }
  }
  return "";
}

void take_targets(Evaluation& evaluation, const config::ExperimentSpec& spec, const EpochHistory& history) {
  evaluation.objectives.clear();
  evaluation.constraints.clear();
  if (evaluation.state != TrialState::complete && evaluation.state != TrialState::diverged) return;
  const bool complete = evaluation.state == TrialState::complete;
  const auto take = [&](const std::vector<Target>& targets, std::vector<Measured>& into) {
    for (const Target& target : targets) {
      const std::optional<double> value = value_of(target, evaluation, spec, history);
      if (!value && complete) {
        evaluation.state = TrialState::failed;
        evaluation.fail = FailKind::exception;
        evaluation.message = missing(target);
        return false;
      }
      into.push_back({.value = value.value_or(std::nan("")), .std_error = std::nullopt});
    }
    return true;
  };
  if (!take(spec.objectives, evaluation.objectives) || !take(spec.constraints, evaluation.constraints)) {
    evaluation.objectives.clear();
    evaluation.constraints.clear();
    return;
  }
  for (size_t i = 0; i < evaluation.objectives.size() && complete; ++i) {
    if (std::isfinite(evaluation.objectives[i].value)) continue;
    evaluation.state = TrialState::diverged;
    evaluation.message =
        "objective '" + spec.objectives[i].name + "' is " + to_text(Value(evaluation.objectives[i].value));
    break;
  }
}

}  // namespace dsnn::study
