#include "brackets.h"

#include <algorithm>
#include <cmath>

namespace {

bool whole(double x) { return x == std::floor(x); }

/// Budgets of every rung, the last at the maximum, each eta times the one before on the first axis. The other axes
/// move geometrically with the first. An axis whose ends are whole numbers gets whole budgets (epochs).
std::vector<std::vector<double>> ladder(const dsnn::SchedulerSetup& setup) {
  if (setup.max.empty()) return {{}};
  const double ratio = setup.max[0] / setup.min[0];
  const int top = ratio > 1 ? static_cast<int>(std::floor(std::log(ratio) / std::log(setup.eta) + 1e-9)) : 0;
  std::vector<std::vector<double>> out;
  for (int rung = 0; rung <= top; ++rung) {
    const double first = setup.max[0] * std::pow(setup.eta, rung - top);
    const double climbed = ratio > 1 ? std::log(first / setup.min[0]) / std::log(ratio) : 1.0;
    std::vector<double> budget;
    for (size_t axis = 0; axis < setup.max.size(); ++axis) {
      const double lo = setup.min[axis], hi = setup.max[axis];
      double value = axis == 0 ? first : lo * std::pow(hi / lo, climbed);
      if (whole(lo) && whole(hi)) value = std::round(value);
      budget.push_back(rung == top ? hi : std::clamp(value, lo, hi));
    }
    if (out.empty() || out.back() != budget) out.push_back(std::move(budget));  // rounding may join rungs
  }
  return out;
}

}  // namespace

void Brackets::start(const dsnn::SchedulerSetup& setup) {
  setup_ = setup;
  budgets_ = ladder(setup);
  shapes_ = shapes(static_cast<int>(budgets_.size()) - 1, setup.eta);
}

int64_t Brackets::kept(int64_t rung_size) const {
  return std::max<int64_t>(1, static_cast<int64_t>(std::floor(static_cast<double>(rung_size) / setup_.eta + 1e-9)));
}

std::vector<dsnn::RungPlan> Brackets::plan() const {
  std::vector<dsnn::RungPlan> out;
  for (size_t b = 0; b < shapes_.size(); ++b) {
    int64_t trials = shapes_[b].configurations;
    for (size_t rung = static_cast<size_t>(shapes_[b].lowest_rung); rung < budgets_.size(); ++rung) {
      out.push_back(
          {.bracket = static_cast<int>(b), .rung = static_cast<int>(rung), .budget = budgets_[rung], .trials = trials});
      trials = kept(trials);
    }
  }
  return out;
}

dsnn::Budget Brackets::budget_of(const Bracket& bracket, size_t rung, const dsnn::TrialRequest* parent) const {
  const size_t level = static_cast<size_t>(bracket.lowest_rung) + rung;
  dsnn::Budget budget{.bracket = bracket.number, .rung = static_cast<int>(level), .value = budgets_[level]};
  for (size_t axis = 0; axis < budget.value.size(); ++axis) {
    double spent = budget.value[axis];
    if (axis == 0 && parent != nullptr && setup_.continue_from_checkpoint) spent -= parent->budget.value[0];
    budget.resource *= spent / setup_.max[axis];
  }
  return budget;
}

void Brackets::open_bracket() {
  const BracketShape& shape = shapes_[static_cast<size_t>(opened_) % shapes_.size()];
  Bracket bracket;
  bracket.number = opened_++;
  bracket.lowest_rung = shape.lowest_rung;
  bracket.rungs.resize(budgets_.size() - static_cast<size_t>(shape.lowest_rung));
  bracket.rungs.front().planned = shape.configurations;
  open_.push_back(std::move(bracket));
}

void Brackets::settle(Bracket& bracket) {
  for (size_t i = 0; i < bracket.rungs.size(); ++i) {
    Rung& rung = bracket.rungs[i];
    if (rung.decided) continue;
    if (static_cast<int64_t>(rung.entries.size()) < rung.planned) return;
    rung.decided = true;
    if (i + 1 == bracket.rungs.size()) return;
    Rung& above = bracket.rungs[i + 1];
    if (rung.planned > 0) {
      // Where only one trial goes on, the order's first point is all that counts: brackets take turns in the objective
      // they start from, or the top rung would see nothing but the best of objective 0.
      const auto first = static_cast<size_t>(bracket.number);
      for (int64_t trial : promoted(rung.entries, static_cast<size_t>(kept(rung.planned)), first))
        above.promotions.push_back(trial);
    }
    above.planned = static_cast<int64_t>(above.promotions.size());
  }
}

bool Brackets::done(const Bracket& bracket) { return bracket.rungs.back().decided; }

dsnn::TrialRequest Brackets::promote(Bracket& bracket, size_t rung, int64_t number) {
  Rung& target = bracket.rungs[rung];
  const dsnn::TrialRequest& parent = bracket.requests.at(target.promotions.front());
  target.promotions.pop_front();
  dsnn::TrialRequest request;
  request.number = number;
  request.root = parent.root;
  request.parent = parent.number;
  request.origin = dsnn::Origin::promoted;
  request.configuration = parent.configuration;
  request.budget = budget_of(bracket, rung, &parent);
  bracket.child[parent.number] = number;
  return request;
}

std::optional<dsnn::TrialRequest> Brackets::next_in(Bracket& bracket, dsnn::Proposer& propose) {
  const int64_t number = propose.next_number();
  std::optional<dsnn::TrialRequest> request;
  size_t rung = bracket.rungs.size();
  while (rung > 0 && bracket.rungs[rung - 1].promotions.empty()) --rung;
  if (rung > 0) {
    --rung;
    request = promote(bracket, rung, number);
  } else if (bracket.rungs[0].started < bracket.rungs[0].planned) {
    const dsnn::Budget budget = budget_of(bracket, 0, nullptr);
    std::optional<dsnn::Configuration> configuration;
    if (!space_exhausted_) configuration = propose.propose({.trial_number = number, .budget = budget});
    if (!configuration) {
      space_exhausted_ = true;
      bracket.rungs[0].planned = bracket.rungs[0].started;  // the bracket goes on with what it has
      settle(bracket);
      return done(bracket) ? std::nullopt : next_in(bracket, propose);
    }
    request.emplace();
    request->number = request->root = number;
    request->configuration = std::move(*configuration);
    request->budget = budget;
  }
  if (request) {
    ++bracket.rungs[rung].started;
    bracket.requests.emplace(number, *request);
  }
  return request;
}

std::optional<dsnn::TrialRequest> Brackets::next(dsnn::Proposer& propose) {
  for (Bracket& bracket : open_) {
    if (std::optional<dsnn::TrialRequest> request = next_in(bracket, propose)) return request;
  }
  std::erase_if(open_, &Brackets::done);
  if (space_exhausted_) return std::nullopt;
  open_bracket();
  std::optional<dsnn::TrialRequest> request = next_in(open_.back(), propose);
  if (!request) std::erase_if(open_, &Brackets::done);
  return request;
}

void Brackets::observe(const dsnn::Evaluation& evaluation) {
  const int64_t trial = evaluation.request.number;
  for (Bracket& bracket : open_) {
    const auto request = bracket.requests.find(trial);
    if (request == bracket.requests.end()) continue;
    if (!bracket.finished.emplace(trial, true).second) return;
    const size_t rung = static_cast<size_t>(request->second.budget.rung - bracket.lowest_rung);
    bracket.rungs[rung].entries.push_back(rung_entry(evaluation, setup_.targets));
    bracket.rungs[rung].entries.back().trial = trial;
    settle(bracket);
    std::erase_if(open_, &Brackets::done);
    return;
  }
}

bool Brackets::exhausted() const { return space_exhausted_ && open_.empty(); }

bool Brackets::may_promote(int64_t trial) const {
  if (!setup_.continue_from_checkpoint) return false;
  for (const Bracket& bracket : open_) {
    const auto request = bracket.requests.find(trial);
    if (request == bracket.requests.end()) continue;
    if (const auto child = bracket.child.find(trial); child != bracket.child.end()) {
      return bracket.finished.count(child->second) == 0;  // its successor may still have to be started again
    }
    const size_t rung = static_cast<size_t>(request->second.budget.rung - bracket.lowest_rung);
    if (rung + 1 == bracket.rungs.size()) return false;
    const Rung& here = bracket.rungs[rung];
    if (!here.decided) {
      return std::none_of(here.entries.begin(), here.entries.end(),
                          [&](const RungEntry& e) { return e.trial == trial && !e.usable; });
    }
    const std::deque<int64_t>& waiting = bracket.rungs[rung + 1].promotions;
    return std::find(waiting.begin(), waiting.end(), trial) != waiting.end();
  }
  return false;
}
