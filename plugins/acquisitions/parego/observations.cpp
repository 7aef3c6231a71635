#include "observations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <ranges>
#include <tuple>
#include <utility>

#include "dsnn/pareto.h"

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

/// A line through pairs of values; of slope 1 while few or degenerate pairs say nothing of it.
struct Line {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;

  void add(double from, double to) { n += 1, x += from, y += to, xx += from * from, xy += from * to; }
  double slope() const {
    const double spread = xx - x * x / n, joint = xy - x * y / n;
    return n > 2 && spread > 1e-12 * xx && joint > 0 ? joint / spread : 1.0;
  }
  double at(double from) const { return n > 0 ? y / n + slope() * (from - x / n) : from; }
};

/// Brings one objective to the scale of the highest budget: each lower one is mapped by the line through the lineages
/// that were also seen above. (The range of a budget says little: only the best get to the higher ones.)
void align(Observations& seen, size_t objective, std::span<const dsnn::TrialRequest* const> requests) {
  std::map<std::vector<double>, std::vector<size_t>> rungs;
  for (size_t i = 0; i < seen.rows(); ++i) rungs[requests[i]->budget.value].push_back(i);
  std::map<int64_t, double> above;  // per lineage
  for (auto rung = rungs.rbegin(); rung != rungs.rend(); ++rung) {
    Line line;
    for (const size_t i : rung->second) {
      const auto found = above.find(requests[i]->root);
      if (found != above.end()) line.add(seen.objectives[i][objective], found->second);
    }
    for (const size_t i : rung->second) {
      double& value = seen.objectives[i][objective];
      value = line.at(value);
      above.try_emplace(requests[i]->root, value);
    }
  }
}

std::vector<size_t> front_of(const Observations& seen, const std::vector<bool>& kept) {
  const bool any_kept = std::find(kept.begin(), kept.end(), true) != kept.end();
  std::vector<size_t> front;
  for (size_t i = 0; i < seen.rows(); ++i) {
    if (any_kept && !kept[i]) continue;
    const auto beats_new = [&](size_t j) { return dsnn::dominates(seen.objectives[j], seen.objectives[i]); };
    if (std::any_of(front.begin(), front.end(), beats_new)) continue;
    std::erase_if(front, [&](size_t j) { return dsnn::dominates(seen.objectives[i], seen.objectives[j]); });
    front.push_back(i);
  }
  return front;
}

/// Ideal to 0 and nadir to 1, so that the weights spread over the front and not over what is far behind it.
void normalise(Observations& seen, size_t objective) {
  const auto range = [&](const auto& indices) {
    std::pair<double, double> r(std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity());
    for (const size_t i : indices) {
      r = {std::min(r.first, seen.objectives[i][objective]), std::max(r.second, seen.objectives[i][objective])};
    }
    return r;
  };
  auto [lo, hi] = range(seen.front);
  if (!(hi > lo)) std::tie(lo, hi) = range(std::views::iota(size_t{0}, seen.rows()));
  for (std::vector<double>& values : seen.objectives) {
    values[objective] = hi > lo ? (values[objective] - lo) / (hi - lo) : 0.5;
  }
}

/// `requests` of the rows, and which of them `kept` the constraints.
void scale(Observations& seen, std::span<const dsnn::TrialRequest* const> requests, const std::vector<bool>& kept) {
  const size_t objectives = seen.rows() > 0 ? seen.objectives.front().size() : 0;
  for (size_t j = 0; j < objectives; ++j) align(seen, j, requests);
  seen.front = front_of(seen, kept);
  for (size_t j = 0; j < objectives; ++j) normalise(seen, j);
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
  std::vector<const dsnn::TrialRequest*> requests;
  std::vector<bool> kept;
  const auto encode = [&](const dsnn::TrialRequest& request) {
    space.point(request.configuration, point, rng);
    space.features(point, row);
    if (seen.has_budget) row.back() = budget_column(request.budget.value, full);
  };
  for (const dsnn::Evaluation& e : history.finished) {
    encode(e.request);
    std::vector<double> objectives = minimised(e, history.targets);
    const bool complete = e.state == dsnn::TrialState::complete && finite(objectives);
    const bool success = complete && within_constraints(e, history.targets);
    if (complete || informative(e)) {
      seen.outcomes.insert(seen.outcomes.end(), row.begin(), row.begin() + static_cast<std::ptrdiff_t>(space.size()));
      seen.succeeded.push_back(success ? 1.0 : 0.0);
    }
    if (!complete) continue;
    seen.points.insert(seen.points.end(), point.begin(), point.end());
    seen.features.insert(seen.features.end(), row.begin(), row.end());
    seen.objectives.push_back(std::move(objectives));
    requests.push_back(&e.request);
    kept.push_back(success);
  }
  for (const dsnn::TrialRequest& request : history.running) {
    encode(request);
    seen.pending.insert(seen.pending.end(), row.begin(), row.end());
  }
  scale(seen, requests, kept);
  return seen;
}

}  // namespace parego
