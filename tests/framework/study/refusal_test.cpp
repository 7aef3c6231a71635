// Configurations that a constraint known before training refuses.
#include <algorithm>
#include <filesystem>

#include "framework/study/loop_fixture.h"
#include "study/study.h"

namespace dsnn::study {
namespace {

namespace fs = std::filesystem;

class RefusalTest : public LoopTest {
 protected:
  /// Only networks of at most `most` parameters may train; x is the share of a million.
  static config::ExperimentSpec spec_with(double most) {
    config::ExperimentSpec spec = spec_of_x(1);
    spec.limits.trials.reset();
    spec.constraints = {{.role = Target::Role::constraint, .name = "size", .metric = "model.parameters", .max = most}};
    return spec;
  }

  static FakeRunner runner(int workers, uint64_t seed, double most) {
    FakeRunner out(workers, seed);
    const auto size = [](const Assignment& a) { return 1e6 * a.request.configuration.find("x")->number(); };
    out.before = [=](const Assignment& a, RunnerEvents& events) {
      events.statics.push_back({.number = a.request.number, .metrics = {{"model.parameters", size(a)}}});
    };
    out.evaluate = [=](const Assignment& a) {
      Outcome outcome = FakeRunner::good(a);
      outcome.evaluation.metrics.push_back({"model.parameters", size(a)});
      if (size(a) > most) {
        outcome.evaluation.state = TrialState::infeasible;
        outcome.evaluation.message = "too large";
      }
      return outcome;
    };
    return out;
  }

  int64_t count(TrialState state) const {
    return std::count_if(records_.begin(), records_.end(), [&](const auto& r) { return r.state == state; });
  }
};

TEST_F(RefusalTest, DoesNotCountForTheLimitOnTrialsHoweverManyWorkThere) {
  config::ExperimentSpec spec = spec_with(5e5);
  spec.limits.trials = 12;
  std::vector<std::vector<Configuration>> proposed;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    fs::remove(folder_.path() / "study.sqlite");
    FakeRunner workers = runner(static_cast<int>(seed), seed, 5e5);
    const LoopResult result = run(spec, workers);
    EXPECT_EQ(result.stopped_by, "trials");
    EXPECT_EQ(count(TrialState::complete), 12);
    EXPECT_GT(count(TrialState::infeasible), 0);
    EXPECT_EQ(result.status.finished, 12);
    EXPECT_EQ(result.status.refused, count(TrialState::infeasible));
    std::vector<Configuration>& all = proposed.emplace_back();
    for (const store::TrialRecord& record : records_) all.push_back(record.request.configuration);
  }
  for (const auto& other : proposed) EXPECT_EQ(other, proposed.front());
}

TEST_F(RefusalTest, DoesNotCountForTheLimitOnConfigurations) {
  config::ExperimentSpec spec = spec_with(5e5);
  spec.limits.configurations = 9;
  for (const bool deterministic : {true, false}) {
    spec.execution.deterministic = deterministic;
    fs::remove(folder_.path() / "study.sqlite");
    FakeRunner workers = runner(3, 2, 5e5);
    EXPECT_EQ(run(spec, workers).stopped_by, "configurations");
    EXPECT_EQ(count(TrialState::complete), 9);
  }
}

TEST_F(RefusalTest, DoesNotCountAfterARestart) {
  config::ExperimentSpec spec = spec_with(5e5);
  spec.limits.trials = 12;
  FakeRunner stopped = runner(3, 4, 5e5);
  stopped.stop_after = 8;
  EXPECT_TRUE(run(spec, stopped).interrupted);
  FakeRunner rest = runner(2, 1, 5e5);
  run(spec, rest);
  EXPECT_EQ(count(TrialState::complete), 12);
}

TEST_F(RefusalTest, CostsNoResource) {
  config::ExperimentSpec spec = spec_with(5e5);
  spec.limits.full_trainings = 4;
  FakeRunner workers = runner(2, 1, 5e5);
  EXPECT_EQ(run(spec, workers).stopped_by, "full_trainings");
  EXPECT_EQ(count(TrialState::complete), 4);
  for (const store::TrialRecord& record : store_->trials())
    EXPECT_EQ(record.resource, record.state == TrialState::complete ? 1 : 0) << record.request.number;
}

TEST_F(RefusalTest, OfEverythingEndsTheSearchWithASentence) {
  config::ExperimentSpec spec = spec_with(-1);
  spec.limits.trials = 40;
  spec.execution.keep_checkpoints = "none";
  FakeRunner workers = runner(2, 1, -1);
  const LoopResult result = run(spec, workers);
  EXPECT_EQ(result.stopped_by, kNothingFeasible);
  EXPECT_EQ(result.status.finished, 0);
  EXPECT_GE(result.status.refused, kMostRefusals);
  EXPECT_LE(result.status.refused, kMostRefusals + spec.execution.lookback);
}

TEST_F(RefusalTest, OfTheDefaultConfigurationIsWarnedOf) {
  config::ExperimentSpec spec = spec_with(4e5);  // the default is 0.5
  spec.limits.trials = 3;
  FakeRunner workers = runner(1, 1, 4e5);
  run(spec, workers);
  std::vector<std::string> warnings;
  for (const store::EventRecord& event : store_->events()) {
    if (event.kind == "warning") warnings.push_back(event.json.at("message").string());
  }
  EXPECT_EQ(warnings, (std::vector<std::string>{
                          "the default configuration violates a constraint known before training (too large), so "
                          "nothing is compared with it; choose other defaults, or leave it out with report.default: "
                          "false"}));
}

}  // namespace
}  // namespace dsnn::study
