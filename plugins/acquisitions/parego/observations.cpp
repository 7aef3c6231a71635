#include "observations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace parego {
namespace {

/// Position of a budget: log of the first axis. All that matters to a forest is the order.
float budget_column(const std::vector<double>& budget, double full) {
  return budget.empty() || budget[0] <= 0 ? 1.0f : static_cast<float>(1.0 + 0.1 * std::log(budget[0] / full));
}

std::vector<double> minimised(const dsnn::Evaluation& evaluation, std::span<const dsnn::Target> targets) {
  std::vector<double> out;
  for (size_t i = 0; i < evaluation.objectives.size() && i < targets.size(); ++i) {
    const double value = evaluation.objectives[i].value;
    out.push_back(targets[i].goal == dsnn::Goal::maximize ? -value : value);
  }
  return out;
}

bool finite(const std::vector<double>& values) {
  return !values.empty() && std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

bool within_constraints(const dsnn::Evaluation& evaluation, std::span<const dsnn::Target> targets) {
  size_t next = 0;
  for (const dsnn::Target& target : targets) {
    if (target.role != dsnn::Target::Role::constraint || next >= evaluation.constraints.size()) continue;
    const double value = evaluation.constraints[next++].value;
    if (std::isnan(value) || (target.max && value > *target.max) || (target.min && value < *target.min)) return false;
  }
  return true;
}

/// A trial stopped from outside says nothing about its configuration.
bool informative(const dsnn::Evaluation& e) {
  return e.fail != dsnn::FailKind::cancelled && e.fail != dsnn::FailKind::lost;
}

/// Min-max over the trials of each budget: objectives may change their scale with it. A budget with one value so far
/// (the default trial, alone at the top) borrows the range of all budgets, else it would look like an ideal point.
void normalise(Observations& seen, size_t objective, const std::vector<std::vector<double>>& budgets) {
  std::map<std::vector<double>, std::pair<double, double>> ranges;
  std::pair<double, double> all(std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity());
  for (size_t i = 0; i < seen.rows(); ++i) {
    const double value = seen.objectives[i][objective];
    auto& [lo, hi] = ranges.try_emplace(budgets[i], value, value).first->second;
    lo = std::min(lo, value);
    hi = std::max(hi, value);
    all = {std::min(all.first, value), std::max(all.second, value)};
  }
  for (size_t i = 0; i < seen.rows(); ++i) {
    const auto& own = ranges.at(budgets[i]);
    const auto [lo, hi] = own.second > own.first ? own : all;
    double& value = seen.objectives[i][objective];
    value = hi > lo ? (value - lo) / (hi - lo) : 0.5;
  }
}

}  // namespace

int64_t proposals(const dsnn::History& history) {
  const auto is_proposal = [](const dsnn::TrialRequest& r) { return r.origin == dsnn::Origin::proposed; };
  return std::count_if(history.finished.begin(), history.finished.end(),
                       [&](const dsnn::Evaluation& e) { return is_proposal(e.request); }) +
         std::count_if(history.running.begin(), history.running.end(), is_proposal);
}

Observations observe(const dsnn::History& history, const dsnn::Ask& ask, const EncodedSpace& space, dsnn::Rng rng) {
  Observations seen;
  seen.has_budget = !ask.budget.value.empty() && ask.budget.resource > 0;
  const double full = seen.has_budget ? ask.budget.value[0] / ask.budget.resource : 1.0;
  seen.full_budget = 1.0f;
  seen.columns = space.size() + (seen.has_budget ? 1 : 0);
  seen.categories = space.categories();
  if (seen.has_budget) seen.categories.push_back(0);

  std::vector<double> point(space.size());
  std::vector<float> row(seen.columns);
  std::vector<std::vector<double>> budgets;
  const auto encode = [&](const dsnn::TrialRequest& request) {
    space.point(request.configuration, point, rng);
    space.features(point, row);
    if (seen.has_budget) row.back() = budget_column(request.budget.value, full);
  };
  for (const dsnn::Evaluation& e : history.finished) {
    encode(e.request);
    std::vector<double> objectives = minimised(e, history.targets);
    const bool complete = e.state == dsnn::TrialState::complete && finite(objectives);
    if (complete || informative(e)) {
      seen.outcomes.insert(seen.outcomes.end(), row.begin(), row.begin() + static_cast<std::ptrdiff_t>(space.size()));
      seen.succeeded.push_back(complete && within_constraints(e, history.targets) ? 1.0 : 0.0);
    }
    if (!complete) continue;
    seen.points.insert(seen.points.end(), point.begin(), point.end());
    seen.features.insert(seen.features.end(), row.begin(), row.end());
    seen.objectives.push_back(std::move(objectives));
    budgets.push_back(e.request.budget.value);
  }
  for (const dsnn::TrialRequest& request : history.running) {
    encode(request);
    seen.pending.insert(seen.pending.end(), row.begin(), row.end());
  }
  if (seen.rows() > 0) {
    for (size_t j = 0; j < seen.objectives.front().size(); ++j) normalise(seen, j, budgets);
  }
  return seen;
}

}  // namespace parego
