#include "study/limit_tracker.h"

#include <gtest/gtest.h>

namespace dsnn::study {
namespace {

TrialRequest request(int64_t number, int64_t root, double epochs, double resource) {
  TrialRequest out;
  out.number = number;
  out.root = root;
  if (root != number) out.parent = root;
  out.budget.value = {epochs};
  out.budget.resource = resource;
  return out;
}

config::ExperimentSpec spec_with_epochs() {
  config::ExperimentSpec spec;
  spec.fidelity = config::Fidelity{.axes = {"training.epochs"}, .names = {"epochs"}, .min = {1}, .max = {9}};
  return spec;
}

TEST(LimitTracker, ContinuedTrialsCostOnlyWhatTheyAdd) {
  config::ExperimentSpec spec = spec_with_epochs();
  spec.limits.epochs = 9;
  LimitTracker limits(spec, 0);
  const TrialRequest first = request(0, 0, 3, 3.0 / 9);
  limits.add(first, nullptr);
  EXPECT_EQ(limits.reached(), "");
  limits.add(request(1, 0, 9, 6.0 / 9), &first);
  EXPECT_EQ(limits.reached(), "epochs");
  EXPECT_EQ(limits.configurations(), 1);
}

TEST(LimitTracker, ThirdsAddUpToAFullTraining) {
  config::ExperimentSpec spec = spec_with_epochs();
  spec.limits.full_trainings = 1;
  LimitTracker limits(spec, 0);
  for (int64_t i = 0; i < 9; ++i) limits.add(request(i, i, 1, 1.0 / 9), nullptr);
  EXPECT_EQ(limits.reached(), "full_trainings");
}

TEST(LimitTracker, EnergyAndEmissionsCountFinishedSteps) {
  config::ExperimentSpec spec;
  spec.limits.emissions_kg = 0.5;
  LimitTracker limits(spec, 0.25);
  Evaluation step;
  step.metrics = {{"step.energy_kwh", 1.0}};
  limits.add(step);
  EXPECT_EQ(limits.reached(), "");
  limits.add(step);
  EXPECT_EQ(limits.reached(), "emissions_kg");
  EXPECT_EQ(limits.energy_kwh(), 2.0);
}

TEST(LimitTracker, RunningTrialsGetATenthOfWhatGrowsWhileTheyRun) {
  config::ExperimentSpec spec;
  spec.limits.wall_seconds = 60;
  spec.limits.trials = 1;
  spec.limits.epochs = 1;
  LimitTracker limits(spec, 0.5);
  for (int64_t i = 0; i < 9; ++i) limits.add(request(i, i, 1, 1), nullptr);
  limits.set_wall_seconds(65.9);
  EXPECT_EQ(limits.overrun(), "") << "what is counted when it is asked for does not grow";
  limits.set_wall_seconds(66.1);
  EXPECT_EQ(limits.overrun(), "wall");
}

TEST(LimitTracker, NamesTheLimitThatIsReached) {
  config::ExperimentSpec spec;
  spec.limits.wall_seconds = 60;
  spec.limits.trials = 2;
  LimitTracker limits(spec, 0);
  limits.set_wall_seconds(61);
  EXPECT_EQ(limits.reached(), "wall");
  limits.add(request(0, 0, 1, 1), nullptr);
  limits.add(request(1, 1, 1, 1), nullptr);
  EXPECT_EQ(limits.reached(), "trials");
}

TEST(LimitTracker, WhatWasRefusedOrImportedCountsForNothing) {
  config::ExperimentSpec spec = spec_with_epochs();
  spec.limits.trials = 2;
  LimitTracker limits(spec, 0);
  limits.add(request(0, 0, 9, 1), nullptr);
  limits.add(request(1, 1, 9, 1), nullptr);
  EXPECT_EQ(limits.reached(), "trials");
  limits.take_back(request(1, 1, 9, 1), nullptr);
  TrialRequest imported = request(2, 2, 9, 1);
  imported.origin = Origin::imported;
  limits.add(imported, nullptr);
  EXPECT_EQ(limits.reached(), "");
  EXPECT_EQ(limits.trials(), 1);
  EXPECT_EQ(limits.configurations(), 1);
  EXPECT_EQ(limits.full_trainings(), 1);
}

config::ExperimentSpec spec_with(const char* training) {
  config::ExperimentSpec spec;
  spec.tree = Value(Value::Map{{"training", parse_json(training)}});
  return spec;
}

TEST(LimitTracker, ATrialWithoutEpochsIsNoTraining) {
  const config::ExperimentSpec spec = spec_with(R"({"epochs": 0})");
  LimitTracker limits(spec, 0);
  limits.add(request(0, 0, 0, 1), nullptr);
  EXPECT_EQ(limits.full_trainings(), 0);
  EXPECT_EQ(limits.trials(), 1);
}

TEST(LimitTracker, SearchedEpochsCountAsDrawn) {
  config::ExperimentSpec spec = spec_with(R"({"epochs": {"$parameter": "training.epochs"}})");
  spec.limits.epochs = 7;
  LimitTracker limits(spec, 0);
  for (const int64_t epochs : {0, 3, 4}) {
    EXPECT_EQ(limits.reached(), "");
    TrialRequest drawn = request(epochs, epochs, 0, 1);
    drawn.configuration.values["training.epochs"] = epochs;
    limits.add(drawn, nullptr);
  }
  EXPECT_EQ(limits.reached(), "epochs");
  EXPECT_EQ(limits.full_trainings(), 2);
}

}  // namespace
}  // namespace dsnn::study
