#include "study/study.h"

#include <cmath>

#include <gtest/gtest.h>

namespace dsnn::study {
namespace {

store::TrialRecord complete(int64_t number, double budget, double error, double energy) {
  store::TrialRecord t;
  t.request.number = number;
  t.request.budget.value = {budget};
  t.state = TrialState::complete;
  t.objectives = {{.value = error, .std_error = {}}, {.value = energy, .std_error = {}}};
  return t;
}

Target target(const std::string& name, Goal goal = Goal::minimize) {
  Target t;
  t.name = name;
  t.goal = goal;
  return t;
}

FrontRule rule_of(std::vector<Target> objectives, std::vector<Target> constraints = {}) {
  return {.objectives = std::move(objectives),
          .constraints = std::move(constraints),
          .full_budget = 9,
          .any_budget = false,
          .budget_name = "epochs"};
}

const std::vector<Target> kObjectives = {target("error"), target("energy")};
const FrontRule kRule = rule_of(kObjectives);

TEST(Front, HoldsOnlyNonDominatedTrialsOfTheFullBudget) {
  const std::vector<store::TrialRecord> trials = {complete(0, 9, 0.3, 1), complete(1, 9, 0.1, 3),
                                                  complete(2, 9, 0.3, 3), complete(3, 3, 0.0, 0)};
  EXPECT_EQ(front(trials, kRule), (std::vector<int64_t>{1, 0}));
}

TEST(Front, LeavesOutNonFiniteAndUnfinishedTrials) {
  std::vector<store::TrialRecord> trials = {complete(0, 9, 0.3, 1), complete(1, 9, std::nan(""), 0),
                                            complete(2, 9, -INFINITY, 0), complete(3, 9, 0.1, 0)};
  trials[3].state = TrialState::running;
  EXPECT_EQ(front(trials, kRule), (std::vector<int64_t>{0}));
}

TEST(Front, MaximisedObjectivesAndConstraintsCount) {
  const std::vector<Target> objectives = {target("top1", Goal::maximize), target("energy")};
  Target size = target("size");
  size.role = Target::Role::constraint;
  size.max = 10;
  std::vector<store::TrialRecord> trials = {complete(0, 9, 0.9, 1), complete(1, 9, 0.8, 1), complete(2, 9, 0.99, 1)};
  for (auto& t : trials) t.constraints = {{.value = 10, .std_error = {}}};
  trials[2].constraints[0].value = 10.5;
  EXPECT_EQ(front(trials, rule_of(objectives, {size})), (std::vector<int64_t>{0}));
}

TEST(Front, IsEmptyWithoutObjectives) {
  store::TrialRecord only = complete(0, 9, 0, 0);
  only.objectives.clear();
  EXPECT_TRUE(front({only}, rule_of({})).empty());
  EXPECT_EQ(hypervolume({only}, rule_of({})), 0);
}

TEST(Front, IsEmptyWhileOnlyLowerRungsAreDone) {
  const std::vector<store::TrialRecord> trials = {complete(0, 1, 0.3, 1), complete(1, 3, 0.1, 3)};
  EXPECT_TRUE(front(trials, kRule).empty());
  EXPECT_EQ(hypervolume(trials, kRule), 0);
  EXPECT_EQ(kRule.of(), " at epochs 9");
}

TEST(Front, OfAnyBudgetTakesEveryRung) {
  FrontRule any = kRule;
  any.any_budget = true;
  const std::vector<store::TrialRecord> trials = {complete(0, 9, 0.3, 1), complete(1, 3, 0.1, 3),
                                                  complete(2, 1, 0.2, 2), complete(3, 9, 0.4, 4)};
  EXPECT_EQ(front(trials, any), (std::vector<int64_t>{1, 2, 0}));
  EXPECT_EQ(knee(trials, any).has_value(), true);
  EXPECT_GT(hypervolume(trials, any), hypervolume(trials, kRule));
  EXPECT_EQ(any.of(), " of any epochs");
}

TEST(Front, RuleComesFromTheExperimentAndFromTheStoreAlike) {
  config::ExperimentSpec spec;
  spec.objectives = kObjectives;
  spec.fidelity = config::Fidelity{.axes = {"training.epochs"}, .names = {"epochs"}, .min = {1}, .max = {9}};
  spec.fidelity->front_of_any_budget = true;
  store::StudyRecord study;
  study.targets = kObjectives;
  study.budget_axes = {"epochs"};
  study.full_budget = 9;
  study.front_of_any_budget = true;
  for (const FrontRule& rule : {front_rule(spec), front_rule(study, {})}) {
    EXPECT_EQ(rule.full_budget, 9);
    EXPECT_TRUE(rule.any_budget);
    EXPECT_EQ(rule.of(), " of any epochs");
    EXPECT_EQ(rule.objectives.size(), 2u);
  }
}

TEST(Front, AStoreThatDoesNotSayTheFullBudgetHasThatOfItsTrials) {
  store::StudyRecord study;
  study.targets = kObjectives;
  EXPECT_EQ(front_rule(study, {complete(0, 9, 0.3, 1), complete(1, 3, 0.1, 3)}).full_budget, 9);
}

TEST(Front, WithoutBudgetsEveryTrialIsFull) {
  config::ExperimentSpec spec;
  spec.objectives = kObjectives;
  store::TrialRecord only = complete(0, 0, 1, 1);
  only.request.budget.value.clear();
  EXPECT_EQ(front({only}, front_rule(spec)), (std::vector<int64_t>{0}));
  EXPECT_EQ(front_rule(spec).of(), "");
}

TEST(Hypervolume, UsesDeclaredReferencesElseTheWorstValuePlusATenth) {
  std::vector<Target> objectives = kObjectives;
  objectives[0].reference = 0.5;
  const std::vector<store::TrialRecord> trials = {complete(0, 9, 0.25, 1), complete(1, 3, 0.9, 2)};
  EXPECT_EQ(reference_point(trials, objectives), (std::vector<double>{0.5, 2.1}));
  EXPECT_NEAR(hypervolume(trials, rule_of(objectives)), 0.25 * 1.1, 1e-12);
}

TEST(Hypervolume, OfASinglePointIsPositive) { EXPECT_GT(hypervolume({complete(0, 9, 0.25, 1)}, kRule), 0); }

TEST(Hypervolume, AReferenceThatNoTrialReachesIsNamed) {
  std::vector<Target> objectives = kObjectives;
  objectives[0].reference = 0.05;
  objectives[1].reference = 5;
  const std::vector<store::TrialRecord> trials = {complete(0, 9, 0.25, 1), complete(1, 9, 0.5, 0.5)};
  EXPECT_EQ(hypervolume(trials, rule_of(objectives)), 0);
  EXPECT_EQ(hypervolume_notes(trials, rule_of(objectives)),
            (std::vector<std::string>{"the reference of 'error' (0.05) is better than every trial at epochs 9, so the "
                                      "hypervolume is 0; give one that is worse than what you expect"}));
  objectives[0].reference = 0.3;
  EXPECT_TRUE(hypervolume_notes(trials, rule_of(objectives)).empty());
  EXPECT_TRUE(hypervolume_notes({}, rule_of(objectives)).empty());
}

TEST(Hypervolume, MovesWithTheWorstTrialUnlessEveryObjectiveHasAReference) {
  std::vector<Target> objectives = kObjectives;
  EXPECT_FALSE(rule_of(objectives).has_references());
  objectives[0].reference = 1;
  EXPECT_FALSE(rule_of(objectives).has_references());
  objectives[1].reference = 1;
  EXPECT_TRUE(rule_of(objectives).has_references());
}

TEST(Ending, IsSaidInWords) {
  EXPECT_EQ(ending_text("trials"), "limits.trials reached");
  EXPECT_EQ(ending_text(""), "the search space is exhausted");
  EXPECT_EQ(ending_text(kNothingFeasible),
            "the last 1000 configurations all violated a constraint known before training, so there may be none that "
            "keeps it: loosen the constraint or change the search space");
}

}  // namespace
}  // namespace dsnn::study
