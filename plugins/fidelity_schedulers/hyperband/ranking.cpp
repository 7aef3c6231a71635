#include "ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dsnn/pareto.h"

namespace {

/// How far a value lies outside its bounds, relative to the bound so that units do not matter.
double violation_of(const dsnn::Target& target, double value) {
  if (std::isnan(value)) return std::numeric_limits<double>::infinity();
  const auto excess = [](double over, double bound) { return std::max(0.0, over) / std::max(std::abs(bound), 1e-12); };
  double total = 0;
  if (target.max) total += excess(value - *target.max, *target.max);
  if (target.min) total += excess(*target.min - value, *target.min);
  return total;
}

/// Objectives scaled to [0,1] over the usable entries; an objective without range becomes 0.
void normalise(std::vector<RungEntry>& entries) {
  const size_t m = entries.front().objectives.size();
  for (size_t j = 0; j < m; ++j) {
    double lo = std::numeric_limits<double>::infinity(), hi = -lo;
    for (const RungEntry& e : entries) {
      lo = std::min(lo, e.objectives[j]);
      hi = std::max(hi, e.objectives[j]);
    }
    for (RungEntry& e : entries) e.objectives[j] = hi > lo ? (e.objectives[j] - lo) / (hi - lo) : 0.0;
  }
}

double squared_distance(const RungEntry& a, const RungEntry& b) {
  double sum = 0;
  for (size_t j = 0; j < a.objectives.size(); ++j) {
    sum += (a.objectives[j] - b.objectives[j]) * (a.objectives[j] - b.objectives[j]);
  }
  return sum;
}

/// Farthest-point order: the best of objective `first`, then always the point farthest from those already taken.
std::vector<int64_t> epsilon_net(const std::vector<RungEntry>& front, size_t count, size_t first) {
  std::vector<int64_t> order;
  std::vector<double> distance(front.size(), std::numeric_limits<double>::infinity());
  size_t next = 0;
  for (size_t i = 1; i < front.size(); ++i) {
    if (front[i].objectives[first] < front[next].objectives[first]) next = i;
  }
  while (order.size() < count) {
    order.push_back(front[next].trial);
    distance[next] = -1;
    size_t farthest = next;
    for (size_t i = 0; i < front.size(); ++i) {
      if (distance[i] < 0) continue;
      distance[i] = std::min(distance[i], squared_distance(front[i], front[next]));
      if (distance[farthest] < 0 || distance[i] > distance[farthest]) farthest = i;
    }
    next = farthest;
  }
  return order;
}

/// Moves the non-dominated entries out of `rest`.
std::vector<RungEntry> take_front(std::vector<RungEntry>& rest) {
  std::vector<bool> dominated(rest.size(), false);
  for (size_t i = 0; i < rest.size(); ++i) {
    for (size_t j = 0; j < rest.size() && !dominated[i]; ++j) {
      dominated[i] = dsnn::dominates(rest[j].objectives, rest[i].objectives);
    }
  }
  std::vector<RungEntry> front, others;
  for (size_t i = 0; i < rest.size(); ++i) (dominated[i] ? others : front).push_back(std::move(rest[i]));
  rest = std::move(others);
  return front;
}

}  // namespace

RungEntry rung_entry(const dsnn::Evaluation& evaluation, std::span<const dsnn::Target> targets) {
  RungEntry entry;
  entry.trial = evaluation.request.number;
  entry.usable = evaluation.state == dsnn::TrialState::complete;
  size_t constraint = 0;
  for (const dsnn::Target& target : targets) {
    if (target.role == dsnn::Target::Role::objective && entry.objectives.size() < evaluation.objectives.size()) {
      const double value = evaluation.objectives[entry.objectives.size()].value;
      entry.usable = entry.usable && std::isfinite(value);
      entry.objectives.push_back(target.goal == dsnn::Goal::maximize ? -value : value);
    } else if (target.role == dsnn::Target::Role::constraint && constraint < evaluation.constraints.size()) {
      entry.violation += violation_of(target, evaluation.constraints[constraint++].value);
    }
  }
  entry.usable = entry.usable && !entry.objectives.empty();
  return entry;
}

std::vector<int64_t> promoted(std::vector<RungEntry> entries, size_t count, size_t first) {
  std::erase_if(entries, [](const RungEntry& e) { return !e.usable; });
  std::vector<int64_t> chosen;
  if (entries.empty()) return chosen;
  std::sort(entries.begin(), entries.end(), [](const RungEntry& a, const RungEntry& b) { return a.trial < b.trial; });
  first %= entries.front().objectives.size();
  normalise(entries);
  std::vector<RungEntry> feasible, infeasible;
  for (RungEntry& e : entries) (e.violation > 0 ? infeasible : feasible).push_back(std::move(e));

  while (!feasible.empty() && chosen.size() < count) {
    const std::vector<RungEntry> front = take_front(feasible);
    if (front.size() <= count - chosen.size()) {
      for (const RungEntry& e : front) chosen.push_back(e.trial);
    } else {
      for (int64_t trial : epsilon_net(front, count - chosen.size(), first)) chosen.push_back(trial);
    }
  }
  std::stable_sort(infeasible.begin(), infeasible.end(),
                   [](const RungEntry& a, const RungEntry& b) { return a.violation < b.violation; });
  for (const RungEntry& e : infeasible) {
    if (chosen.size() < count) chosen.push_back(e.trial);
  }
  return chosen;
}
