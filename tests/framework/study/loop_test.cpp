#include "study/loop.h"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "framework/study/loop_fixture.h"

namespace dsnn::study {
namespace {

namespace fs = std::filesystem;

TEST_F(LoopTest, DataThatChangesInsideAStudyIsWarnedOf) {
  FakeRunner runner(1, 1);
  runner.evaluate = [](const Assignment& assignment) {
    Outcome out = FakeRunner::good(assignment);
    out.evaluation.data["digits training files"] = assignment.request.number < 2 ? "aa" : "bb";
    return out;
  };
  run(spec_of_x(3), runner);
  std::vector<std::string> said;
  for (const store::EventRecord& event : store_->events()) {
    if (event.kind == "data" || event.kind == "warning") said.push_back(to_json(event.json));
  }
  EXPECT_EQ(said, (std::vector<std::string>{R"({"name":"digits training files","sha256":"aa"})",
                                            R"({"message":"trial 2 read other data than the trials before: the digits )"
                                            R"(training files have sha256 bb, they had aa"})"}));
}

TEST_F(LoopTest, FirstTrialIsTheDefaultAndTheSchedulerNeverSeesIt) {
  FakeRunner runner(1, 1);
  run(spec_of_x(3), runner);
  EXPECT_EQ(records_.at(0).request.origin, Origin::default_);
  EXPECT_EQ(records_.at(0).request.configuration.find("x")->number(), 0.5);
  EXPECT_EQ(std::count(scheduler_.calls.begin(), scheduler_.calls.end(), "o0"), 0);
}

TEST_F(LoopTest, DeterministicCallsAreAFunctionOfResultsOnly) {
  std::vector<std::vector<std::string>> calls;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    FakeRunner runner(static_cast<int>(seed), seed);
    fs::remove(folder_.path() / "study.sqlite");
    run(spec_of_x(30), runner);
    calls.push_back(scheduler_.calls);
  }
  for (const auto& other : calls) EXPECT_EQ(other, calls.front());
}

TEST_F(LoopTest, ExactlyLookbackResultsAreOutstandingAtEachRequest) {
  FakeRunner runner(8, 5);
  run(spec_of_x(9, 2), runner);
  const std::vector<std::string> expected = {"n1", "n2", "n3", "o1", "n4", "o2", "n5",
                                             "o3", "n6", "o4", "n7", "o5", "n8"};
  EXPECT_EQ(scheduler_.calls, expected);  // before n3 trial 0 was observed, unseen by the scheduler
}

TEST_F(LoopTest, OneMoreResultIsObservedEachTimeNothingCanStart) {
  waits_for_ = {{3, 2}};  // trial 3 needs trials 1 and 2
  FakeRunner runner(3, 2);
  run(spec_of_x(5), runner);
  const std::vector<std::string> expected = {"n1", "n2", "-", "-", "o1", "-", "o2", "n3", "n4"};
  EXPECT_EQ(scheduler_.calls, expected);  // the first "-" is followed by the unseen trial 0
}

TEST_F(LoopTest, ProposalsSeeOnlyWhatWasObserved) {
  FakeRunner runner(4, 9);
  run(spec_of_x(8, 3), runner);
  const std::vector<size_t> expected = {0, 0, 0, 1, 2, 3, 4};
  EXPECT_EQ(acquisition_.finished_seen, expected);
}

TEST_F(LoopTest, TrialSeedDependsOnTheRootOnly) {
  FakeRunner runner(1, 1);
  run(spec_of_x(3), runner);
  EXPECT_EQ(records_.at(2).request.seed, hash64(hash64(3, uint64_t{2}), uint64_t{0}));
}

TEST_F(LoopTest, StopGivesBackWhatRanAndResumeEndsAlike) {
  FakeRunner calm_runner(2, 1);
  run(spec_of_x(20), calm_runner);
  const std::vector<store::TrialRecord> expected = records_;
  fs::remove(folder_.path() / "study.sqlite");
  FakeRunner stopped(3, 4);
  stopped.stop_after = 7;
  EXPECT_TRUE(run(spec_of_x(20), stopped).interrupted);
  FakeRunner rest(2, 8);
  EXPECT_FALSE(run(spec_of_x(20), rest).interrupted);
  ASSERT_EQ(records_.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(records_[i].request.configuration, expected[i].request.configuration) << i;
    EXPECT_EQ(records_[i].view_hash, expected[i].view_hash) << i;
  }
}

TEST_F(LoopTest, ReplayAsksNoAcquisition) {
  FakeRunner first(2, 1);
  run(spec_of_x(12), first);
  const size_t asked = acquisition_.finished_seen.size();
  FakeRunner second(2, 1);
  run(spec_of_x(12), second);
  EXPECT_EQ(acquisition_.finished_seen.size(), asked);
  EXPECT_TRUE(second.started.empty());
}

TEST_F(LoopTest, ResumeObservesFinishedTrialsThatNobodyObserved) {
  FakeRunner first(2, 1);
  run(spec_of_x(12), first);  // the last results wait for requests that never come
  config::ExperimentSpec spec = spec_of_x(14);
  spec.execution.deterministic = false;
  waits_for_ = {{12, 11}};
  FakeRunner second(2, 1);
  run(spec, second);
  EXPECT_EQ(records_.size(), 14u);
}

/// A trial 1 whose worker is always lost.
std::function<Outcome(const Assignment&)> losing(std::function<int64_t(int attempt)> checkpoint_ns,
                                                 Outcome::Kind kind = Outcome::Kind::lost) {
  return [=](const Assignment& assignment) {
    Outcome out = FakeRunner::good(assignment);
    if (assignment.request.number != 1) return out;
    out.kind = kind;
    out.checkpoint_ns = checkpoint_ns(assignment.attempt);
    out.evaluation.state = TrialState::failed;
    out.evaluation.fail = FailKind::lost;
    return out;
  };
}

TEST_F(LoopTest, FiveLossesWithoutANewerCheckpointEndTheTrialAndTheStudyGoesOn) {
  for (const Outcome::Kind kind : {Outcome::Kind::lost, Outcome::Kind::stopped}) {
    fs::remove(folder_.path() / "study.sqlite");
    FakeRunner runner(1, 1);
    runner.evaluate = losing([](int) { return 77; }, kind);
    run(spec_of_x(3), runner);
    EXPECT_EQ(records_.at(1).state, TrialState::failed);
    EXPECT_EQ(records_.at(1).fail, FailKind::lost);
    EXPECT_EQ(records_.at(1).attempts, 5);
    EXPECT_EQ(records_.at(2).state, TrialState::complete);
  }
}

TEST_F(LoopTest, ReportedEpochsAloneAreNoProgressOfALostTrial) {
  FakeRunner runner(1, 1);
  runner.evaluate = losing([](int) { return 0; });
  runner.report_epochs = true;
  run(spec_of_x(3), runner);
  EXPECT_EQ(records_.at(1).attempts, 5);
}

TEST_F(LoopTest, ANewerCheckpointStartsTheCountOfLossesAgain) {
  FakeRunner runner(1, 1);
  const auto lost = losing([](int attempt) { return attempt / 4; });  // a newer one with every fourth attempt
  runner.evaluate = [&](const Assignment& assignment) {
    return assignment.attempt < 23 ? lost(assignment) : FakeRunner::good(assignment);
  };
  run(spec_of_x(3), runner);
  EXPECT_EQ(records_.at(1).state, TrialState::complete);
  EXPECT_EQ(records_.at(1).attempts, 23);
}

TEST_F(LoopTest, AProposalGivenUpForAStopLeavesNoTrace) {
  FakeRunner calm(1, 1);
  run(spec_of_x(9, 1), calm);
  const std::vector<store::TrialRecord> expected = records_;
  fs::remove(folder_.path() / "study.sqlite");
  FakeRunner stopped(1, 1);
  acquisition_.finished_seen.clear();
  acquisition_.give_up = [&] {
    if (acquisition_.finished_seen.size() < 4) return false;
    stopped.ask_to_stop();
    return true;
  };
  EXPECT_TRUE(run(spec_of_x(9, 1), stopped).interrupted);
  EXPECT_EQ(records_.size(), 4u);
  acquisition_.give_up = [] { return false; };
  FakeRunner rest(1, 1);
  EXPECT_FALSE(run(spec_of_x(9, 1), rest).interrupted);
  ASSERT_EQ(records_.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(records_[i].request.configuration, expected[i].request.configuration) << i;
}

TEST_F(LoopTest, ALimitPassedByATenthStopsRunningTrialsWhichAHigherOneContinues) {
  config::ExperimentSpec spec = spec_of_x(4);
  spec.limits.energy_kwh = 1;
  FakeRunner runner(2, 1);
  runner.evaluate = [](const Assignment& assignment) {
    Outcome out = FakeRunner::good(assignment);
    out.evaluation.metrics.push_back({"step.energy_kwh", 1.2});
    return out;
  };
  const LoopResult cut = run(spec, runner);
  EXPECT_EQ(cut.stopped_by, "energy_kwh");
  EXPECT_EQ(cut.cut_off, 1);
  EXPECT_FALSE(cut.interrupted);
  EXPECT_EQ(cut.status.finished, 1);
  EXPECT_EQ(store_->study()->state, "finished");
  FakeRunner idle(2, 1);
  EXPECT_EQ(run(spec, idle).cut_off, 1) << "the same limit starts nothing";
  EXPECT_TRUE(idle.started.empty());
  spec.limits.energy_kwh = 100;
  FakeRunner rest(2, 1);
  const LoopResult whole = run(spec, rest);
  EXPECT_EQ(whole.stopped_by, "trials");
  EXPECT_EQ(whole.status.finished, 4);
}

TEST_F(LoopTest, ALimitReachedExactlyLetsRunningTrialsEnd) {
  config::ExperimentSpec spec = spec_of_x(4);
  spec.limits.energy_kwh = 1;
  FakeRunner runner(2, 1);
  runner.evaluate = [](const Assignment& assignment) {
    Outcome out = FakeRunner::good(assignment);
    if (assignment.request.number == 0) out.evaluation.metrics.push_back({"step.energy_kwh", 1.05});
    return out;
  };
  const LoopResult result = run(spec, runner);
  EXPECT_EQ(result.stopped_by, "energy_kwh");
  EXPECT_EQ(result.cut_off, 0);
  for (const store::TrialRecord& record : records_) EXPECT_EQ(record.state, TrialState::complete);
}

TEST_F(LoopTest, ConfigurationErrorOfTheFirstTrialEndsTheRunAndNothingIsLost) {
  FakeRunner runner(2, 1);
  runner.evaluate = [](const Assignment&) {
    Outcome out;
    out.kind = Outcome::Kind::config_error;
    Diagnostic diagnostic;
    diagnostic.message = "no data";
    out.error.push_back(diagnostic);
    return out;
  };
  EXPECT_THROW(run(spec_of_x(5), runner), ConfigError);
  FakeRunner good(2, 1);
  run(spec_of_x(5), good);
  for (const store::TrialRecord& record : records_) EXPECT_EQ(record.state, TrialState::complete);
}

TEST_F(LoopTest, LimitOnConfigurationsStopsBeforeTheNextProposal) {
  config::ExperimentSpec spec = spec_of_x(100);
  spec.limits.trials.reset();
  spec.limits.configurations = 6;
  FakeRunner runner(2, 1);
  EXPECT_EQ(run(spec, runner).stopped_by, "configurations");
  EXPECT_EQ(records_.size(), 6u);
}

TEST_F(LoopTest, AnInitialDesignThatTheLimitsCutShortIsWarnedOf) {
  const auto warnings = [&](int64_t trials) {
    fs::remove(folder_.path() / "study.sqlite");
    FakeRunner runner(1, 1);
    run(spec_of_x(trials), runner);
    std::vector<std::string> out;
    for (const store::EventRecord& event : store_->events()) {
      if (event.kind == "warning") out.push_back(event.json.at("message").string());
    }
    return out;
  };
  EXPECT_TRUE(warnings(3).empty());
  acquisition_.initial = 5;
  EXPECT_TRUE(warnings(6).empty());
  EXPECT_EQ(warnings(5),
            (std::vector<std::string>{
                "the initial design has 5 configurations and limits.trials is 5, so nothing that is learnt "
                "will be used; raise the limit or make the initial design smaller"}));
}

TEST_F(LoopTest, WithoutASpaceThereIsOneTrial) {
  config::ExperimentSpec spec = spec_of_x(100);
  spec.space = SearchSpace();
  FakeRunner runner(2, 1);
  runner.evaluate = [](const Assignment&) {
    Outcome out;
    out.evaluation.metrics = {{"validation.error", 0.25}};
    return out;
  };
  const LoopResult result = run(spec, runner);
  EXPECT_EQ(records_.size(), 1u);
  EXPECT_EQ(result.stopped_by, "");
}

TEST_F(LoopTest, WithoutDeterminismEveryResultIsObservedAtOnce) {
  config::ExperimentSpec spec = spec_of_x(12);
  spec.execution.deterministic = false;
  FakeRunner runner(3, 11);
  run(spec, runner);
  EXPECT_EQ(
      std::count_if(scheduler_.calls.begin(), scheduler_.calls.end(), [](const std::string& c) { return c[0] == 'o'; }),
      11);
}

}  // namespace
}  // namespace dsnn::study
