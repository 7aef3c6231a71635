#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "pareto/front.h"
#include "store/trial_table.h"
#include "study/study.h"

namespace dsnn::study {
namespace {

using store::TrialRecord;

double first_budget(const TrialRequest& request) {
  return request.budget.value.empty() ? 0 : request.budget.value.front();
}

bool within(const Measured& value, const Target& constraint) {
  return std::isfinite(value.value) && (!constraint.min || value.value >= *constraint.min) &&
         (!constraint.max || value.value <= *constraint.max);
}

bool is_candidate(const TrialRecord& t, const FrontRule& rule) {
  if (t.state != TrialState::complete || !rule.admits(t.request)) return false;
  if (rule.objectives.empty() || t.objectives.size() != rule.objectives.size() ||
      t.constraints.size() != rule.constraints.size()) {
    return false;
  }
  const bool finite =
      std::all_of(t.objectives.begin(), t.objectives.end(), [](const Measured& m) { return std::isfinite(m.value); });
  return finite && std::equal(t.constraints.begin(), t.constraints.end(), rule.constraints.begin(), within);
}

double cost(double value, const Target& objective) { return objective.goal == Goal::maximize ? -value : value; }

struct Candidates {
  std::vector<const TrialRecord*> trials;
  std::vector<pareto::Point> points;  // every objective minimised
};

Candidates candidates_of(const std::vector<TrialRecord>& trials, const FrontRule& rule) {
  Candidates out;
  for (const TrialRecord& t : trials) {
    if (!is_candidate(t, rule)) continue;
    pareto::Point point;
    for (size_t k = 0; k < rule.objectives.size(); ++k)
      point.push_back(cost(t.objectives[k].value, rule.objectives[k]));
    out.trials.push_back(&t);
    out.points.push_back(std::move(point));
  }
  return out;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

}  // namespace

bool FrontRule::admits(const TrialRequest& request) const {
  return any_budget || !full_budget || first_budget(request) == *full_budget;
}

std::string FrontRule::of() const {
  if (budget_name.empty()) return "";
  if (any_budget) return " of any " + budget_name;
  return full_budget ? " at " + budget_name + " " + number(*full_budget) : "";
}

bool FrontRule::has_references() const {
  return std::all_of(objectives.begin(), objectives.end(), [](const Target& t) { return t.reference.has_value(); });
}

FrontRule front_rule(const config::ExperimentSpec& spec) {
  FrontRule out{.objectives = spec.objectives, .constraints = spec.constraints, .full_budget = {}, .budget_name = {}};
  if (!spec.fidelity) return out;
  out.full_budget = spec.fidelity->max.front();
  out.any_budget = spec.fidelity->front_of_any_budget;
  if (!spec.fidelity->names.empty()) out.budget_name = spec.fidelity->names.front();
  return out;
}

FrontRule front_rule(const store::StudyRecord& study, const std::vector<TrialRecord>& trials) {
  FrontRule out{.objectives = store::targets_of(study.targets, Target::Role::objective),
                .constraints = store::targets_of(study.targets, Target::Role::constraint),
                .full_budget = study.full_budget,
                .any_budget = study.front_of_any_budget,
                .budget_name = study.budget_axes.empty() ? "" : study.budget_axes.front()};
  if (out.full_budget) return out;
  for (const TrialRecord& t : trials)
    out.full_budget = std::max(out.full_budget.value_or(first_budget(t.request)), first_budget(t.request));
  return out;
}

std::vector<int64_t> front(const std::vector<TrialRecord>& trials, const FrontRule& rule) {
  const Candidates candidates = candidates_of(trials, rule);
  std::vector<size_t> members = pareto::front(candidates.points);
  std::stable_sort(members.begin(), members.end(),
                   [&](size_t a, size_t b) { return candidates.points[a] < candidates.points[b]; });
  std::vector<int64_t> out;
  for (const size_t i : members) out.push_back(candidates.trials[i]->request.number);
  return out;
}

std::optional<int64_t> knee(const std::vector<TrialRecord>& trials, const FrontRule& rule) {
  const Candidates candidates = candidates_of(trials, rule);
  const auto found = pareto::knee(candidates.points, pareto::front(candidates.points));
  if (!found) return std::nullopt;
  return candidates.trials[*found]->request.number;
}

std::vector<double> reference_point(const std::vector<TrialRecord>& trials, const std::vector<Target>& objectives) {
  std::vector<double> out;
  for (size_t k = 0; k < objectives.size(); ++k) {
    if (objectives[k].reference) {
      out.push_back(cost(*objectives[k].reference, objectives[k]));
      continue;
    }
    double lo = std::numeric_limits<double>::infinity(), hi = -lo;
    for (const TrialRecord& t : trials) {
      if (t.state != TrialState::complete || t.objectives.size() != objectives.size()) continue;
      const double v = cost(t.objectives[k].value, objectives[k]);
      if (!std::isfinite(v)) continue;
      lo = std::min(lo, v);
      hi = std::max(hi, v);
    }
    // A single value has no range; a tenth of its size keeps it inside the reference all the same.
    const double margin = hi > lo ? 0.1 * (hi - lo) : std::max(0.1 * std::abs(hi), 1e-9);
    out.push_back(std::isfinite(hi) ? hi + margin : 0);
  }
  return out;
}

double hypervolume(const std::vector<TrialRecord>& trials, const FrontRule& rule) {
  const Candidates candidates = candidates_of(trials, rule);
  if (candidates.points.empty()) return 0;
  return pareto::hypervolume(candidates.points, reference_point(trials, rule.objectives));
}

std::vector<std::string> hypervolume_notes(const std::vector<TrialRecord>& trials, const FrontRule& rule) {
  std::vector<std::string> out;
  const Candidates candidates = candidates_of(trials, rule);
  if (candidates.points.empty()) return out;
  for (size_t k = 0; k < rule.objectives.size(); ++k) {
    const Target& objective = rule.objectives[k];
    if (!objective.reference) continue;
    const double bound = cost(*objective.reference, objective);
    const bool reached = std::any_of(candidates.points.begin(), candidates.points.end(),
                                     [&](const pareto::Point& p) { return p[k] < bound; });
    if (reached) continue;
    out.push_back("the reference of '" + objective.name + "' (" + number(*objective.reference) +
                  ") is better than every trial" + rule.of() +
                  ", so the hypervolume is 0; give one that is worse than what you expect");
  }
  return out;
}

std::string ending_text(const std::string& stopped_by) {
  if (stopped_by.empty()) return "the search space is exhausted";
  if (stopped_by == kNothingFeasible) {
    return "the last " + std::to_string(kMostRefusals) +
           " configurations all violated a constraint known before training, so there may be none that keeps it: "
           "loosen "
           "the constraint or change the search space";
  }
  return "limits." + stopped_by + " reached";
}

}  // namespace dsnn::study
