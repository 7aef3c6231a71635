#include "study/objectives.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dsnn::study {
namespace {

const EpochHistory kNoHistory = [] { return std::vector<store::EpochMetric>(); };

config::ExperimentSpec spec_with(std::vector<Target> objectives, std::vector<Target> constraints = {}) {
  config::ExperimentSpec spec;
  spec.objectives = std::move(objectives);
  spec.constraints = std::move(constraints);
  return spec;
}

Evaluation complete(std::vector<Metric> metrics) {
  Evaluation out;
  out.metrics = std::move(metrics);
  return out;
}

TEST(TakeTargets, TakesValuesInDeclaredOrder) {
  Evaluation e = complete({{"a", 1}, {"b", 2}, {"c", 3}});
  take_targets(e,
               spec_with({{.name = "b", .metric = "b"}, {.name = "a", .metric = "a"}}, {{.name = "c", .metric = "c"}}),
               kNoHistory);
  ASSERT_EQ(e.objectives.size(), 2u);
  EXPECT_EQ(e.objectives[0].value, 2);
  EXPECT_EQ(e.objectives[1].value, 1);
  EXPECT_EQ(e.constraints.at(0).value, 3);
  EXPECT_EQ(e.state, TrialState::complete);
}

TEST(TakeTargets, MissingMetricFailsTheTrialWithASentence) {
  Evaluation e = complete({{"a", 1}});
  take_targets(e, spec_with({{.name = "error", .metric = "validation.error"}}), kNoHistory);
  EXPECT_EQ(e.state, TrialState::failed);
  EXPECT_TRUE(e.objectives.empty());
  EXPECT_EQ(e.message, "the evaluator reported no metric 'validation.error', which the target 'error' needs");
}

TEST(TakeTargets, NonFiniteObjectiveIsDiverged) {
  for (const double bad :
       {std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    Evaluation e = complete({{"a", bad}});
    take_targets(e, spec_with({{.name = "a", .metric = "a"}}), kNoHistory);
    EXPECT_EQ(e.state, TrialState::diverged);
    EXPECT_EQ(e.objectives.size(), 1u);
  }
}

TEST(TakeTargets, FailedTrialHasNoObjectives) {
  Evaluation e = complete({{"a", 1}});
  e.state = TrialState::failed;
  take_targets(e, spec_with({{.name = "a", .metric = "a"}}), kNoHistory);
  EXPECT_TRUE(e.objectives.empty());
}

TEST(TakeTargets, AtBestTakesTheEpochThatValidationChose) {
  const EpochHistory history = [] {
    return std::vector<store::EpochMetric>{
        {.step = 1, .name = "validation.error", .value = 0.3}, {.step = 1, .name = "validation.loss", .value = 9},
        {.step = 2, .name = "validation.error", .value = 0.1}, {.step = 2, .name = "validation.loss", .value = 7},
        {.step = 3, .name = "validation.error", .value = 0.2}, {.step = 3, .name = "validation.loss", .value = 5}};
  };
  Evaluation e = complete({{"validation.error", 0.2}, {"validation.loss", 5}});
  take_targets(e,
               spec_with({{.name = "best", .metric = "validation.loss", .at = "best"},
                          {.name = "peak", .metric = "validation.loss", .at = "peak"},
                          {.name = "last", .metric = "validation.loss"}}),
               history);
  EXPECT_EQ(e.objectives[0].value, 7);
  EXPECT_EQ(e.objectives[1].value, 5);
  EXPECT_EQ(e.objectives[2].value, 5);
}

TEST(Violated, NamesTheFirstBrokenBound) {
  const std::vector<Target> constraints = {
      {.role = Target::Role::constraint, .name = "p", .metric = "model.parameters", .max = 100}};
  EXPECT_EQ(violated(constraints, {{"model.parameters", 100}}), "");
  EXPECT_NE(violated(constraints, {{"model.parameters", 101}}).find("model.parameters is 101"), std::string::npos);
  EXPECT_EQ(violated(constraints, {}), "");
}

TEST(IsStatic, KnowsWhatIsAnalytic) {
  EXPECT_TRUE(is_static({.metric = "model.parameters"}));
  EXPECT_TRUE(is_static({.metric = "inference.energy_mj"}));
  EXPECT_FALSE(is_static({.metric = "inference.energy_mj", .meter = "measured"}));
  EXPECT_FALSE(is_static({.metric = "validation.error"}));
}

}  // namespace
}  // namespace dsnn::study
