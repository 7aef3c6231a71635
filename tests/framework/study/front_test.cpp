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

const std::vector<Target> kObjectives = {target("error"), target("energy")};

TEST(Front, HoldsOnlyNonDominatedTrialsOfTheFullBudget) {
  const std::vector<store::TrialRecord> trials = {complete(0, 9, 0.3, 1), complete(1, 9, 0.1, 3),
                                                  complete(2, 9, 0.3, 3), complete(3, 3, 0.0, 0)};
  EXPECT_EQ(front(trials, kObjectives, {}), (std::vector<int64_t>{1, 0}));
}

TEST(Front, LeavesOutNonFiniteAndUnfinishedTrials) {
  std::vector<store::TrialRecord> trials = {complete(0, 9, 0.3, 1), complete(1, 9, std::nan(""), 0),
                                            complete(2, 9, -INFINITY, 0), complete(3, 9, 0.1, 0)};
  trials[3].state = TrialState::running;
  EXPECT_EQ(front(trials, kObjectives, {}), (std::vector<int64_t>{0}));
}

TEST(Front, MaximisedObjectivesAndConstraintsCount) {
  const std::vector<Target> objectives = {target("top1", Goal::maximize), target("energy")};
  Target size = target("size");
  size.role = Target::Role::constraint;
  size.max = 10;
  std::vector<store::TrialRecord> trials = {complete(0, 9, 0.9, 1), complete(1, 9, 0.8, 1), complete(2, 9, 0.99, 1)};
  for (auto& t : trials) t.constraints = {{.value = 10, .std_error = {}}};
  trials[2].constraints[0].value = 10.5;
  EXPECT_EQ(front(trials, objectives, {size}), (std::vector<int64_t>{0}));
}

TEST(Front, IsEmptyWithoutObjectives) {
  store::TrialRecord only = complete(0, 9, 0, 0);
  only.objectives.clear();
  EXPECT_TRUE(front({only}, {}, {}).empty());
  EXPECT_EQ(hypervolume({only}, {}, {}), 0);
}

TEST(Hypervolume, UsesDeclaredReferencesElseTheWorstValuePlusATenth) {
  std::vector<Target> objectives = kObjectives;
  objectives[0].reference = 0.5;
  const std::vector<store::TrialRecord> trials = {complete(0, 9, 0.25, 1), complete(1, 3, 0.9, 2)};
  EXPECT_EQ(reference_point(trials, objectives), (std::vector<double>{0.5, 2.1}));
  EXPECT_NEAR(hypervolume(trials, objectives, {}), 0.25 * 1.1, 1e-12);
}

TEST(Hypervolume, OfASinglePointIsPositive) { EXPECT_GT(hypervolume({complete(0, 9, 0.25, 1)}, kObjectives, {}), 0); }

}  // namespace
}  // namespace dsnn::study
