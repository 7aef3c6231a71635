#include <algorithm>
#include <cmath>
#include <limits>

#include "pareto/front.h"
#include "study/study.h"

namespace dsnn::study {
namespace {

using store::TrialRecord;

double first_budget(const TrialRecord& t) {
  return t.request.budget.value.empty() ? 0 : t.request.budget.value.front();
}

bool within(const Measured& value, const Target& constraint) {
  return std::isfinite(value.value) && (!constraint.min || value.value >= *constraint.min) &&
         (!constraint.max || value.value <= *constraint.max);
}

bool is_candidate(const TrialRecord& t, double full, const std::vector<Target>& objectives,
                  const std::vector<Target>& constraints) {
  if (t.state != TrialState::complete || first_budget(t) != full) return false;
  if (objectives.empty() || t.objectives.size() != objectives.size() || t.constraints.size() != constraints.size()) {
    return false;
  }
  const bool finite =
      std::all_of(t.objectives.begin(), t.objectives.end(), [](const Measured& m) { return std::isfinite(m.value); });
  return finite && std::equal(t.constraints.begin(), t.constraints.end(), constraints.begin(), within);
}

double cost(double value, const Target& objective) { return objective.goal == Goal::maximize ? -value : value; }

struct Candidates {
  std::vector<const TrialRecord*> trials;
  std::vector<pareto::Point> points;  // every objective minimised
};

Candidates candidates_of(const std::vector<TrialRecord>& trials, const std::vector<Target>& objectives,
                         const std::vector<Target>& constraints) {
  double full = -std::numeric_limits<double>::infinity();
  for (const TrialRecord& t : trials) full = std::max(full, first_budget(t));
  Candidates out;
  for (const TrialRecord& t : trials) {
    if (!is_candidate(t, full, objectives, constraints)) continue;
    pareto::Point point;
    for (size_t k = 0; k < objectives.size(); ++k) point.push_back(cost(t.objectives[k].value, objectives[k]));
    out.trials.push_back(&t);
    out.points.push_back(std::move(point));
  }
  return out;
}

}  // namespace

std::vector<int64_t> front(const std::vector<TrialRecord>& trials, const std::vector<Target>& objectives,
                           const std::vector<Target>& constraints) {
  const Candidates candidates = candidates_of(trials, objectives, constraints);
  std::vector<size_t> members = pareto::front(candidates.points);
  std::stable_sort(members.begin(), members.end(),
                   [&](size_t a, size_t b) { return candidates.points[a] < candidates.points[b]; });
  std::vector<int64_t> out;
  for (const size_t i : members) out.push_back(candidates.trials[i]->request.number);
  return out;
}

std::optional<int64_t> knee(const std::vector<TrialRecord>& trials, const std::vector<Target>& objectives,
                            const std::vector<Target>& constraints) {
  const Candidates candidates = candidates_of(trials, objectives, constraints);
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

double hypervolume(const std::vector<TrialRecord>& trials, const std::vector<Target>& objectives,
                   const std::vector<Target>& constraints) {
  const Candidates candidates = candidates_of(trials, objectives, constraints);
  if (candidates.points.empty()) return 0;
  return pareto::hypervolume(candidates.points, reference_point(trials, objectives));
}

}  // namespace dsnn::study
