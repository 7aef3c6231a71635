#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "plugins/search_loop.h"
#include "support/components.h"

namespace {

using dsnn::Evaluation;
using dsnn::FidelityScheduler;
using dsnn::RungPlan;
using dsnn::TrialRequest;
using dsnn::Value;

/// Answers with configurations 0, 1, 2 ..., at most `left` of them.
class Counter : public dsnn::Proposer {
 public:
  explicit Counter(int64_t left = 1 << 30) : left_(left) {}
  std::optional<dsnn::Configuration> propose(const dsnn::Ask& ask) override {
    EXPECT_EQ(ask.trial_number, number);
    if (left_-- <= 0) return std::nullopt;
    dsnn::Configuration c;
    c.values["x"] = Value(proposed++);
    return c;
  }
  int64_t next_number() const override { return number; }
  int64_t number = 0, proposed = 0;

 private:
  int64_t left_;
};

dsnn::SchedulerSetup setup(double min, double max, double eta, size_t objectives = 1) {
  std::vector<std::string> names;
  for (size_t i = 0; i < objectives; ++i) names.push_back("f" + std::to_string(i));
  return {
      .min = {min}, .max = {max}, .eta = eta, .continue_from_checkpoint = true, .targets = minimise(names), .seed = 1};
}

Evaluation complete(const TrialRequest& request, std::vector<double> objectives) {
  Evaluation e;
  e.request = request;
  for (double v : objectives) e.objectives.push_back({.value = v, .std_error = {}});
  return e;
}

class Scheduling : public testing::Test {
 protected:
  std::unique_ptr<FidelityScheduler> make(const std::string& name, const dsnn::SchedulerSetup& with) {
    auto made =
        plugins_.make<FidelityScheduler>(name, Value(Value::Map{{"min", with.min.empty() ? 1.0 : with.min[0]}}));
    made->start(with);
    return made;
  }
  TrialRequest next(FidelityScheduler& scheduler, Counter& counter) {
    std::optional<TrialRequest> request = scheduler.next(counter);
    EXPECT_TRUE(request.has_value());
    ++counter.number;
    return request.value_or(TrialRequest{});
  }
  dsnn::test::Components plugins_;
};

std::vector<std::string> every_scheduler() {
  std::vector<std::string> out;
  const dsnn::test::Components plugins;
  for (const auto* info : plugins.catalog().of(dsnn::Kind::fidelity_scheduler)) out.push_back(info->name);
  return out;
}

class SchedulerConformance : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Plugins, SchedulerConformance, testing::ValuesIn(every_scheduler()));

TEST_P(SchedulerConformance, SameCallsGiveSameRequests) {
  dsnn::test::Components plugins;
  std::vector<std::string> runs[2];
  for (auto& log : runs) {
    const auto scheduler = plugins.make<FidelityScheduler>(GetParam(), Value(Value::Map{{"min", 1.0}}));
    scheduler->start(setup(1, 9, 3, 2));
    Counter counter;
    std::vector<TrialRequest> running;
    for (int i = 0; i < 120; ++i) {
      if (auto request = scheduler->next(counter); request) {
        ++counter.number;
        log.push_back(std::to_string(request->number) + " " + std::to_string(request->root) + " " +
                      request->configuration.to_json());
        running.push_back(*request);
      }
      if (running.size() < 4) continue;
      const double x = static_cast<double>(running.front().configuration.find("x")->integer() * 7 % 11);
      scheduler->observe(complete(running.front(), {x, -x * x}));
      running.erase(running.begin());
    }
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_GT(runs[0].size(), 100U);
}

TEST_P(SchedulerConformance, RequestsAreWellFormed) {
  dsnn::test::Components plugins;
  const auto scheduler = plugins.make<FidelityScheduler>(GetParam(), Value(Value::Map{{"min", 1.0}}));
  scheduler->start(setup(1, 27, 3));
  Counter counter;
  std::map<int64_t, TrialRequest> seen;
  for (int i = 0; i < 200; ++i) {
    const auto request = scheduler->next(counter);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->number, counter.number++);
    ASSERT_EQ(request->budget.value.size(), 1U);
    EXPECT_GE(request->budget.value[0], 1.0);
    EXPECT_LE(request->budget.value[0], 27.0);
    double before = 0;
    if (request->parent) {
      const TrialRequest& parent = seen.at(*request->parent);
      EXPECT_EQ(request->origin, dsnn::Origin::promoted);
      EXPECT_EQ(request->configuration, parent.configuration);
      EXPECT_EQ(request->root, parent.root);
      EXPECT_GT(request->budget.value[0], parent.budget.value[0]);
      before = parent.budget.value[0];
    } else {
      EXPECT_EQ(request->origin, dsnn::Origin::proposed);
      EXPECT_EQ(request->root, request->number);
    }
    EXPECT_NEAR(request->budget.resource, (request->budget.value[0] - before) / 27.0, 1e-12);
    seen.emplace(request->number, *request);
    scheduler->observe(complete(*request, {std::sin(static_cast<double>(i))}));
  }
}

TEST_P(SchedulerConformance, EndsWhenTheSpaceIsExhausted) {
  dsnn::test::Components plugins;
  const auto scheduler = plugins.make<FidelityScheduler>(GetParam(), Value(Value::Map{{"min", 1.0}}));
  scheduler->start(setup(1, 9, 3));
  Counter counter(5);
  int64_t trials = 0;
  while (const auto request = scheduler->next(counter)) {
    ++counter.number;
    ++trials;
    scheduler->observe(complete(*request, {1.0}));
    ASSERT_LT(trials, 100);
  }
  EXPECT_TRUE(scheduler->exhausted());
  EXPECT_EQ(counter.proposed, 5);
}

TEST_P(SchedulerConformance, RunsWithoutAFidelity) {
  dsnn::test::Components plugins;
  const auto scheduler = plugins.make<FidelityScheduler>(GetParam(), Value(Value::Map{{"min", 1.0}}));
  dsnn::SchedulerSetup plain;
  plain.targets = minimise({"error"});
  scheduler->start(plain);
  Counter counter;
  for (int i = 0; i < 10; ++i) {
    const auto request = scheduler->next(counter);
    ASSERT_TRUE(request.has_value());
    ++counter.number;
    EXPECT_TRUE(request->budget.value.empty());
    EXPECT_DOUBLE_EQ(request->budget.resource, 1.0);
    scheduler->observe(complete(*request, {1.0}));
  }
}

TEST_P(SchedulerConformance, IgnoresTrialsItDidNotStart) {
  dsnn::test::Components plugins;
  const auto scheduler = plugins.make<FidelityScheduler>(GetParam(), Value(Value::Map{{"min", 1.0}}));
  scheduler->start(setup(1, 9, 3));
  TrialRequest foreign;
  foreign.number = foreign.root = 77;
  scheduler->observe(complete(foreign, {0.1}));
  EXPECT_FALSE(scheduler->may_promote(77));
}

TEST_F(Scheduling, HyperbandPlansTheBracketsOfThePaper) {
  const auto scheduler = make("hyperband", setup(1, 9, 3));
  std::vector<std::vector<double>> rows;
  for (const RungPlan& r : scheduler->plan())
    rows.push_back({double(r.bracket), double(r.rung), r.budget[0], double(r.trials)});
  const std::vector<std::vector<double>> expected = {{0, 0, 1, 9}, {0, 1, 3, 3}, {0, 2, 9, 1},
                                                     {1, 1, 3, 5}, {1, 2, 9, 1}, {2, 2, 9, 3}};
  EXPECT_EQ(rows, expected);
}

TEST_F(Scheduling, WholeBudgetsStayWhole) {
  const auto scheduler = make("hyperband", setup(2, 50, 3));
  std::vector<double> budgets;
  for (const RungPlan& r : scheduler->plan()) {
    if (r.bracket == 0) budgets.push_back(r.budget[0]);
  }
  EXPECT_EQ(budgets, (std::vector<double>{6, 17, 50}));
}

TEST_F(Scheduling, SecondAxisMovesGeometricallyWithTheFirst) {
  dsnn::SchedulerSetup two = setup(3, 81, 3);
  two.min = {3, 0.25};
  two.max = {81, 1.0};
  const auto scheduler = make("successive_halving", two);
  std::vector<double> second;
  for (const RungPlan& r : scheduler->plan()) second.push_back(std::round(r.budget[1] * 100) / 100);
  EXPECT_EQ(second, (std::vector<double>{0.25, 0.40, 0.63, 1.0}));
}

TEST_F(Scheduling, HyperbandPromotesTopThirdOfARung) {
  const auto scheduler = make("hyperband", setup(1, 9, 3));
  Counter counter;
  std::vector<TrialRequest> rung;
  for (int i = 0; i < 9; ++i) rung.push_back(next(*scheduler, counter));
  for (int i = 8; i >= 0; --i) scheduler->observe(complete(rung[static_cast<size_t>(i)], {std::abs(i - 4.1)}));
  std::vector<int64_t> promoted;
  for (int i = 0; i < 3; ++i) promoted.push_back(next(*scheduler, counter).parent.value_or(-1));
  std::sort(promoted.begin(), promoted.end());
  EXPECT_EQ(promoted, (std::vector<int64_t>{3, 4, 5}));
}

TEST_F(Scheduling, OpensTheNextBracketWhileARungIsWaiting) {
  const auto scheduler = make("hyperband", setup(1, 9, 3));
  Counter counter;
  for (int i = 0; i < 9; ++i) next(*scheduler, counter);
  const TrialRequest early = next(*scheduler, counter);
  EXPECT_EQ(early.budget.bracket, 1);
  EXPECT_EQ(early.budget.value[0], 3);
}

TEST_F(Scheduling, FailedAndDivergedTrialsAreNeverPromoted) {
  const auto scheduler = make("successive_halving", setup(1, 3, 3));
  Counter counter;
  std::vector<TrialRequest> rung;
  for (int i = 0; i < 3; ++i) rung.push_back(next(*scheduler, counter));
  Evaluation failed;
  failed.request = rung[0];
  failed.state = dsnn::TrialState::failed;
  scheduler->observe(failed);
  Evaluation diverged = complete(rung[1], {std::nan("")});
  diverged.state = dsnn::TrialState::diverged;
  scheduler->observe(diverged);
  scheduler->observe(complete(rung[2], {100.0}));
  EXPECT_EQ(next(*scheduler, counter).parent, 2);
}

TEST_F(Scheduling, ARungWithoutSurvivorsEndsItsBracket) {
  const auto scheduler = make("successive_halving", setup(1, 3, 3));
  Counter counter;
  for (int i = 0; i < 3; ++i) {
    Evaluation failed;
    failed.request = next(*scheduler, counter);
    failed.state = dsnn::TrialState::failed;
    scheduler->observe(failed);
  }
  const TrialRequest fresh = next(*scheduler, counter);
  EXPECT_EQ(fresh.budget.bracket, 1);
  EXPECT_FALSE(fresh.parent.has_value());
}

TEST_F(Scheduling, FrontIsCutByEpsilonNetOnNormalisedObjectives) {
  const auto scheduler = make("successive_halving", setup(1, 3, 3, 2));
  Counter counter;
  // The second objective is a thousand times larger, which must not matter.
  const double f[3][2] = {{0.0, 1000}, {0.1, 950}, {1.0, 0}};
  for (int i = 0; i < 3; ++i) scheduler->observe(complete(next(*scheduler, counter), {f[i][0], f[i][1]}));
  EXPECT_EQ(next(*scheduler, counter).parent, 0);
}

TEST_F(Scheduling, EpsilonNetTakesTheFarthestPointNext) {
  dsnn::SchedulerSetup with = setup(1, 9, 3, 2);
  const auto scheduler = make("hyperband", with);
  Counter counter;
  std::vector<TrialRequest> rung;
  for (int i = 0; i < 9; ++i) rung.push_back(next(*scheduler, counter));
  for (int i = 0; i < 9; ++i) {
    const double x = i / 8.0;
    scheduler->observe(complete(rung[static_cast<size_t>(i)], {x, 1e6 * (1 - x)}));
  }
  std::vector<int64_t> parents;
  for (int i = 0; i < 3; ++i) parents.push_back(*next(*scheduler, counter).parent);
  EXPECT_EQ(parents, (std::vector<int64_t>{0, 8, 4}));
}

TEST_F(Scheduling, FeasibleTrialsGoBeforeInfeasibleOnes) {
  dsnn::SchedulerSetup with = setup(1, 3, 3);
  dsnn::Target limit;
  limit.role = dsnn::Target::Role::constraint;
  limit.max = 10.0;
  with.targets.push_back(limit);
  const auto scheduler = make("successive_halving", with);
  Counter counter;
  for (int i = 0; i < 3; ++i) {
    Evaluation e = complete(next(*scheduler, counter), {static_cast<double>(i)});
    e.constraints.push_back({.value = i == 2 ? 5.0 : 20.0, .std_error = {}});
    scheduler->observe(e);
  }
  EXPECT_EQ(next(*scheduler, counter).parent, 2);
}

TEST_F(Scheduling, MaximisedObjectivesPromoteTheLargest) {
  dsnn::SchedulerSetup with = setup(1, 3, 3);
  with.targets[0].goal = dsnn::Goal::maximize;
  const auto scheduler = make("successive_halving", with);
  Counter counter;
  for (int i = 0; i < 3; ++i) scheduler->observe(complete(next(*scheduler, counter), {i == 1 ? 0.9 : 0.5}));
  EXPECT_EQ(next(*scheduler, counter).parent, 1);
}

TEST_F(Scheduling, CheckpointsAreKeptUntilTheSuccessorIsDone) {
  const auto scheduler = make("successive_halving", setup(1, 3, 3));
  Counter counter;
  std::vector<TrialRequest> rung;
  for (int i = 0; i < 3; ++i) rung.push_back(next(*scheduler, counter));
  scheduler->observe(complete(rung[0], {0.0}));
  EXPECT_TRUE(scheduler->may_promote(0));
  scheduler->observe(complete(rung[1], {1.0}));
  scheduler->observe(complete(rung[2], {2.0}));
  EXPECT_TRUE(scheduler->may_promote(0));
  EXPECT_FALSE(scheduler->may_promote(1));
  const TrialRequest top = next(*scheduler, counter);
  EXPECT_TRUE(scheduler->may_promote(0));
  scheduler->observe(complete(top, {0.0}));
  EXPECT_FALSE(scheduler->may_promote(0));
  EXPECT_FALSE(scheduler->may_promote(top.number));
}

TEST_F(Scheduling, WithoutContinuationATrialPaysItsWholeBudget) {
  dsnn::SchedulerSetup with = setup(1, 3, 3);
  with.continue_from_checkpoint = false;
  const auto scheduler = make("successive_halving", with);
  Counter counter;
  for (int i = 0; i < 3; ++i) scheduler->observe(complete(next(*scheduler, counter), {1.0}));
  EXPECT_DOUBLE_EQ(next(*scheduler, counter).budget.resource, 1.0);
  EXPECT_FALSE(scheduler->may_promote(0));
}

}  // namespace
