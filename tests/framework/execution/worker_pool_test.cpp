#include "execution/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "execution/describe.h"
#include "execution/run_folder.h"
#include "support/study_run.h"
#include "support/temporary_folder.h"

namespace dsnn::execution {
namespace {

namespace fs = std::filesystem;

/// Workers of the toy study in a folder of their own.
class WorkerPoolTest : public testing::Test {
 protected:
  WorkerPoolTest() : catalog_(test::toy_plugin_folders()) { make_run_folder(folder_.path()); }

  WorkerPool& pool(std::vector<std::string> sets) {
    const auto says_workers = [](const std::string& set) { return set.starts_with("execution.workers"); };
    if (std::none_of(sets.begin(), sets.end(), says_workers)) sets.push_back("execution.workers=1");
    spec_ = test::load_spec(test::toy_experiment(), sets, catalog_);
    pool_ = std::make_unique<WorkerPool>(PoolOptions{.spec = *spec_,
                                                     .plugin_dirs = test::toy_plugin_folders(),
                                                     .run_folder = folder_.path(),
                                                     .program = fs::path(DSNN_BINARY_DIR) / "bin/dsnn-run",
                                                     .grace_seconds = 0.3});
    return *pool_;
  }

  /// A pool whose workers live but never become ready.
  void pool_of_mute_workers(std::vector<std::string> sets) {
    pool(std::move(sets));
    const fs::path program = folder_.path() / "mute";
    std::ofstream(program) << "#!/bin/sh\nexec sleep 60\n";
    fs::permissions(program, fs::perms::owner_all);
    pool_ = std::make_unique<WorkerPool>(PoolOptions{
        .spec = *spec_, .plugin_dirs = {}, .run_folder = folder_.path(), .program = program, .grace_seconds = 0.3});
  }

  static study::Assignment assignment(int64_t number, const config::ExperimentSpec& spec) {
    study::Assignment out;
    out.request.number = out.request.root = number;
    out.request.configuration = spec.space.default_configuration();
    out.request.budget.value = {3};
    out.fence = 1;
    return out;
  }

  /// Sends a signal to the worker of a trial that waits to be stopped.
  study::Outcome signalled(int signal) {
    const auto slot = pool_->idle_worker();
    pool_->start(assignment(0, *spec_));
    while (!fs::exists(folder_.path() / "trials/0/fault_was_here")) pool_->wait(0.02);
    ::kill(static_cast<pid_t>(slot.value().pid), signal);
    return next_outcome();
  }

  study::Outcome run_one(int64_t number = 0) {
    EXPECT_TRUE(pool_->idle_worker().has_value());
    pool_->start(assignment(number, *spec_));
    return next_outcome();
  }

  study::Outcome next_outcome() {
    while (true) {
      const study::RunnerEvents events = pool_->wait(1.0);
      epochs_ += events.epochs.size();
      if (!events.outcomes.empty()) return events.outcomes.front();
    }
  }

  test::TemporaryFolder folder_;
  plugin::Catalog catalog_;
  std::optional<config::ExperimentSpec> spec_;
  std::unique_ptr<WorkerPool> pool_;
  size_t epochs_ = 0;
};

TEST_F(WorkerPoolTest, RunsATrialAndReportsItsEpochs) {
  pool({});
  const study::Outcome outcome = run_one();
  EXPECT_EQ(outcome.kind, study::Outcome::Kind::evaluated);
  EXPECT_EQ(outcome.evaluation.state, TrialState::complete);
  EXPECT_EQ(outcome.evaluation.metrics.size(), 3u);
  EXPECT_EQ(outcome.evaluation.checkpoint, "trials/0");
  EXPECT_EQ(epochs_, 3u);
  EXPECT_GT(outcome.attempt.peak_rss_bytes, 0);
  EXPECT_TRUE(fs::exists(folder_.path() / "trials/0/config.yaml"));
}

TEST_F(WorkerPoolTest, OneProcessTakesManyTrials) {
  pool({});
  const int64_t first = run_one(0).attempt.pid;
  EXPECT_EQ(run_one(1).attempt.pid, first);
}

TEST_F(WorkerPoolTest, WorkerIsReplacedAfterSoManyTrials) {
  pool({"execution.recycle.trials=2"});
  const int64_t first = run_one(0).attempt.pid;
  EXPECT_EQ(run_one(1).attempt.pid, first);
  while (!pool_->has_idle()) pool_->wait(0.05);
  EXPECT_NE(run_one(2).attempt.pid, first);
}

TEST_F(WorkerPoolTest, WorkerThatGrowsIsReplaced) {
  pool({"toy.fault=leak", "execution.recycle.memory_growth=1MiB"});
  const int64_t first = run_one(0).attempt.pid;
  int64_t last = first;
  for (int64_t i = 1; i < 12 && last == first; ++i) {
    while (!pool_->has_idle()) pool_->wait(0.05);
    last = run_one(i).attempt.pid;
  }
  EXPECT_NE(last, first);
}

TEST_F(WorkerPoolTest, CancelBringsTheTrialBackAsPreempted) {
  pool({"toy.sleep_ms=20000"});
  ASSERT_TRUE(pool_->idle_worker().has_value());
  pool_->start(assignment(0, *spec_));
  while (!fs::exists(folder_.path() / "trials/0/config.yaml")) pool_->wait(0.02);
  pool_->cancel();
  EXPECT_EQ(next_outcome().kind, study::Outcome::Kind::preempted);
}

TEST_F(WorkerPoolTest, TrialDeafToCancelIsKilledAfterTheGrace) {
  pool({"toy.fault=hang_hard", "limits.trial.wall=200ms"});
  const study::Outcome outcome = run_one();
  EXPECT_EQ(outcome.kind, study::Outcome::Kind::evaluated);
  EXPECT_EQ(outcome.evaluation.fail, FailKind::timeout);
  EXPECT_EQ(outcome.attempt.signal, SIGKILL);
  EXPECT_NE(outcome.evaluation.message.find("limits.trial.wall"), std::string::npos);
}

TEST_F(WorkerPoolTest, SilenceLongerThanTheStallLimitIsAStall) {
  pool({"toy.fault=hang_hard", "limits.trial.stall=200ms"});
  EXPECT_EQ(run_one().evaluation.fail, FailKind::stall);
}

TEST_F(WorkerPoolTest, CrashNamesSignalPluginAndLastLogLine) {
  pool({"toy.fault=segv"});
  const study::Outcome outcome = run_one();
  EXPECT_EQ(outcome.kind, study::Outcome::Kind::crashed);
  EXPECT_EQ(outcome.evaluation.message, "signal SIGSEGV in toy_evaluator.dsnn.so; last log lines: about to segv");
  EXPECT_EQ(outcome.attempt.signal, SIGSEGV);
}

TEST_F(WorkerPoolTest, KilledFromOutsideIsLost) {
  pool({"toy.sleep_ms=20000"});
  const auto slot = pool_->idle_worker();
  ASSERT_TRUE(slot.has_value());
  pool_->start(assignment(0, *spec_));
  while (!fs::exists(folder_.path() / "trials/0/config.yaml")) pool_->wait(0.02);
  ::kill(static_cast<pid_t>(slot->pid), SIGKILL);
  EXPECT_EQ(next_outcome().kind, study::Outcome::Kind::lost);
}

TEST_F(WorkerPoolTest, AnySignalFromOutsideIsAnInfrastructureCause) {
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU}) {
    pool({"toy.fault=hang"});
    const study::Outcome outcome = signalled(signal);
    EXPECT_EQ(outcome.kind, study::Outcome::Kind::stopped) << ::strsignal(signal);
    EXPECT_EQ(outcome.evaluation.fail, FailKind::lost);
    fs::remove_all(folder_.path() / "trials");
  }
  for (int signal : {SIGQUIT, SIGVTALRM, SIGPROF, SIGIO, SIGSTKFLT, SIGRTMIN}) {
    pool({"toy.fault=hang"});
    EXPECT_EQ(signalled(signal).kind, study::Outcome::Kind::lost) << ::strsignal(signal);
    fs::remove_all(folder_.path() / "trials");
  }
}

TEST_F(WorkerPoolTest, AClosedPipeIsNoEndOfAWorker) {
  pool({"toy.fault=hang"});
  const auto slot = pool_->idle_worker();
  pool_->start(assignment(0, *spec_));
  while (!fs::exists(folder_.path() / "trials/0/fault_was_here")) pool_->wait(0.02);
  ::kill(static_cast<pid_t>(slot.value().pid), SIGPIPE);
  EXPECT_TRUE(pool_->wait(0.1).outcomes.empty());
  pool_->cancel();
  EXPECT_EQ(next_outcome().kind, study::Outcome::Kind::preempted);
}

TEST_F(WorkerPoolTest, ALossSaysWhenTheNewestCheckpointWasWritten) {
  pool({"toy.fault=hang"});
  EXPECT_EQ(signalled(SIGKILL).checkpoint_ns, 0);
  std::ofstream(folder_.path() / "trials/0/checkpoint.json") << "0 0\n";
  fs::remove(folder_.path() / "trials/0/fault_was_here");
  const int64_t written = signalled(SIGKILL).checkpoint_ns;
  EXPECT_NE(written, 0);
  fs::remove(folder_.path() / "trials/0/fault_was_here");
  EXPECT_EQ(signalled(SIGTERM).checkpoint_ns, written);
}

TEST_F(WorkerPoolTest, ATrialAboveItsMemoryIsEndedAndNotTriedAgain) {
  pool({"toy.fault=memory", "limits.trial.memory=400MiB"});
  const study::Outcome outcome = run_one();
  EXPECT_EQ(outcome.kind, study::Outcome::Kind::evaluated);
  EXPECT_EQ(outcome.evaluation.state, TrialState::failed);
  EXPECT_EQ(outcome.evaluation.fail, FailKind::oom);
  const std::string& message = outcome.evaluation.message;
  EXPECT_TRUE(message.starts_with("its worker took ")) << message;
  EXPECT_TRUE(message.ends_with(" MiB of memory; limits.trial.memory allows 400 MiB")) << message;
}

TEST_F(WorkerPoolTest, ALimitOfMemoryIsNoLimitOfTheAddressSpace) {
  pool({"toy.reserve=true", "limits.trial.memory=400MiB"});  // 64 GiB of addresses, as CUDA takes
  EXPECT_EQ(run_one().evaluation.state, TrialState::complete) << "an address is no memory";
}

TEST_F(WorkerPoolTest, ALimitOfMemoryThatNoWorkerMeetsIsOneErrorBeforeTheFirstTrial) {
  pool({"limits.trial.memory=1KiB"});
  try {
    run_one();
    FAIL() << "it ran";
  } catch (const ConfigError& e) {
    const Diagnostic& said = e.diagnostics().at(0);
    EXPECT_EQ(said.where.file, "--set");
    EXPECT_TRUE(said.message.starts_with("a worker of this experiment takes ")) << said.message;
    EXPECT_TRUE(said.message.ends_with(" MiB before its first trial, got 1 KiB")) << said.message;
    EXPECT_EQ(said.hint, "give it more; the limit is on the resident memory of a worker");
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "trials/0/checkpoint.json"));
}

TEST_F(WorkerPoolTest, GrandchildrenThatLeftTheGroupAreEnded) {
  pool({"toy.fault=orphan"});
  run_one();
  std::ifstream children("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  pid_t child = 0;
  EXPECT_FALSE(children >> child) << "process " << child << " is left";
}

TEST_F(WorkerPoolTest, ProgramThatIsNoWorkerIsGivenUp) {
  pool({});
  pool_ = std::make_unique<WorkerPool>(
      PoolOptions{.spec = *spec_, .plugin_dirs = {}, .run_folder = folder_.path(), .program = "/bin/false"});
  EXPECT_THROW(
      for (int i = 0; i < 10; ++i) {
        if (pool_->has_idle()) pool_->idle_worker();
        pool_->wait(0.5);
      },
      PluginError);
}

TEST_F(WorkerPoolTest, WorkersThatNeverBecomeReadyEndTheRun) {
  pool_of_mute_workers({"limits.trial.stall=100ms"});
  try {
    for (int i = 0; i < 10; ++i) run_one();
    ADD_FAILURE() << "it goes on for ever";
  } catch (const PluginError& e) {
    EXPECT_NE(std::string(e.what()).find("limits.trial.stall"), std::string::npos) << e.what();
  }
}

TEST_F(WorkerPoolTest, WorkersCancelledBeforeTheyAreReadyAreNoFailedStarts) {
  pool_of_mute_workers({});
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(pool_->idle_worker().has_value());
    pool_->start(assignment(0, *spec_));
    pool_->cancel();
    EXPECT_EQ(next_outcome().kind, study::Outcome::Kind::preempted);
  }
}

TEST_F(WorkerPoolTest, RetiredWorkerThatDoesNotExitIsKilledAfterTheGrace) {
  pool({"toy.linger=true", "execution.recycle.trials=1"});
  const int64_t first = run_one(0).attempt.pid;
  while (!pool_->has_idle()) pool_->wait(1.0);
  EXPECT_NE(run_one(1).attempt.pid, first);
}

TEST_F(WorkerPoolTest, MissingPluginIsAnErrorOfTheRun) {
  pool({});
  pool_ = std::make_unique<WorkerPool>(PoolOptions{.spec = *spec_,
                                                   .plugin_dirs = {},
                                                   .run_folder = folder_.path(),
                                                   .program = fs::path(DSNN_BINARY_DIR) / "bin/dsnn-run"});
  ASSERT_TRUE(pool_->idle_worker().has_value());
  EXPECT_ANY_THROW(while (true) pool_->wait(1.0));
}

TEST_F(WorkerPoolTest, AnEvaluatorThatNeverDescribesIsGivenUp) {
  pool({"toy.mute=true", "limits.trial.stall=200ms"});
  try {
    pool_->describe(spec_->space.default_configuration());
    FAIL() << "it described";
  } catch (const PluginError& e) {
    EXPECT_STREQ(e.what(),
                 "the evaluator 'fixture.toy' did not describe the configuration within limits.trial.stall (0.2 s)");
  }
}

TEST_F(WorkerPoolTest, AWorkerThatNeverBecomesReadyDescribesNothing) {
  pool_of_mute_workers({"limits.trial.stall=200ms"});
  EXPECT_THROW(pool_->describe(spec_->space.default_configuration()), PluginError);
}

TEST_F(WorkerPoolTest, WhatHappensWhileItDescribesIsKeptForTheNextWait) {
  pool({"execution.workers=2"});
  ASSERT_TRUE(pool_->idle_worker().has_value());
  pool_->start(assignment(0, *spec_));
  while (!test::read_text(folder_.path() / "trials/0/checkpoint.json").starts_with("3")) std::this_thread::yield();
  pool_->describe(spec_->space.default_configuration());
  size_t outcomes = 0, epochs = 0;
  for (int i = 0; i < 100 && outcomes == 0; ++i) {
    const study::RunnerEvents events = pool_->wait(0.1);
    outcomes += events.outcomes.size();
    epochs += events.epochs.size();
  }
  EXPECT_EQ(outcomes, 1u);
  EXPECT_EQ(epochs, 3u);
}

TEST_F(WorkerPoolTest, DescribeWaitsForTheWorkerOfARunningTrial) {
  pool({});
  ASSERT_TRUE(pool_->idle_worker().has_value());
  pool_->start(assignment(0, *spec_));
  EXPECT_EQ(pool_->describe(spec_->space.default_configuration()).metrics.size(), 1u);
  EXPECT_EQ(pool_->wait(0).outcomes.size(), 1u);
}

TEST_F(WorkerPoolTest, DescribeNeedsNoTrial) {
  pool({});
  const Description description = pool_->describe(spec_->space.default_configuration());
  ASSERT_EQ(description.metrics.size(), 1u);
  EXPECT_EQ(description.metrics[0].name, "inference.energy_mj");
}

}  // namespace
}  // namespace dsnn::execution
