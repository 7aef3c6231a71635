#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "dsnn/rng.h"
#include "store/store.h"
#include "support/study_run.h"

namespace dsnn::test {
namespace {

constexpr int kInterrupted = 75;

void pause_ms(int64_t milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

int64_t finished_trials(const ToyStudy& study) {
  if (!std::filesystem::exists(study.run_folder() / "study.sqlite")) return 0;
  try {
    int64_t count = 0;
    for (const auto& trial :
         store::open_sqlite(study.run_folder() / "study.sqlite", store::Open::read_only)->trials()) {
      count += trial.state == TrialState::complete ? 1 : 0;
    }
    return count;
  } catch (const ExitError&) {
    return 0;  // it is being made
  }
}

void expect_every_trial_once(const ToyStudy& study, int64_t trials) {
  const auto store = store::open_sqlite(study.run_folder() / "study.sqlite", store::Open::read_only);
  std::map<int64_t, int> finished;
  for (const store::EventRecord& event : store->events()) {
    if (event.kind == "finished") ++finished[*event.trial];
  }
  EXPECT_EQ(static_cast<int64_t>(finished.size()), trials);
  for (const auto& [number, times] : finished) EXPECT_EQ(times, 1) << "trial " << number;
}

/// Runs the study to its end with kills at random instants: of the driver, of one worker, or a polite signal.
int run_with_kills(const ToyStudy& study, int kills, uint64_t seed) {
  Rng rng(seed);
  for (int round = 0;; ++round) {
    Program program(study.command({"--quiet", "--workers", std::to_string(rng.integer(1, 4))}), study.folder());
    if (round < kills) {
      const int64_t delay = rng.integer(0, 250);
      const int64_t what = rng.integer(0, 3);
      pause_ms(delay);
      if (what == 0) program.signal(SIGTERM);
      if (what == 1) program.signal(SIGKILL);
      if (what >= 2) {
        const std::vector<pid_t> workers = program.children();
        if (!workers.empty())
          ::kill(workers[static_cast<size_t>(rng.integer(0, static_cast<int64_t>(workers.size()) - 1))], SIGKILL);
        pause_ms(20);
        if (what == 3) program.signal(SIGKILL);
      }
      if (what == 2) program.signal(SIGKILL);
    }
    const ProgramEnd end = program.wait();
    if (end.exit_code == 0) return round;
    const bool ended_by_us = end.signal == SIGKILL || end.signal == SIGTERM;  // TERM: before the program could watch
    if (!ended_by_us && end.exit_code != kInterrupted) {
      ADD_FAILURE() << "round " << round << ": exit code " << end.exit_code << ", signal " << end.signal << "\n"
                    << end.err;
      return round;
    }
  }
}

TEST(Resume, SameTableAfterTwentyKillsOfDriverAndWorkers) {
  const ToyStudy calm({"limits.trials=50", "toy.sleep_ms=6"});
  ASSERT_EQ(calm.run({"--quiet"}).exit_code, 0);
  const ToyStudy killed({"limits.trials=50", "toy.sleep_ms=6"});
  run_with_kills(killed, 20, 1);
  EXPECT_EQ(killed.table(), calm.table());
  expect_every_trial_once(killed, 50);
}

TEST(Resume, EverySignalMeansCheckpointAndExit75) {
  const ToyStudy calm({"limits.trials=12", "toy.sleep_ms=8"});
  ASSERT_EQ(calm.run({"--quiet"}).exit_code, 0);
  const ToyStudy stopped({"limits.trials=12", "toy.sleep_ms=8"});
  for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP}) {
    Program program(stopped.command({"--quiet"}), stopped.folder());
    const int64_t before = finished_trials(stopped);
    ASSERT_TRUE(program.until([&] { return finished_trials(stopped) > before; })) << program.wait().err;
    program.signal(number);
    const ProgramEnd end = program.wait();
    EXPECT_EQ(end.exit_code, kInterrupted) << "signal " << number << "\n" << end.err;
    EXPECT_NE(end.out.find("interrupted; resume with:"), std::string::npos) << end.out;
  }
  ASSERT_EQ(stopped.run({"--quiet"}).exit_code, 0);
  EXPECT_EQ(stopped.table(), calm.table());
}

TEST(Resume, SecondSignalMeansNow) {
  const ToyStudy study({"limits.trials=2", "toy.fault=hang_hard"});
  Program program(study.command({"--quiet"}), study.folder());
  ASSERT_TRUE(program.until([&] { return std::filesystem::exists(study.run_folder() / "trials/0/fault_was_here"); }));
  program.signal(SIGTERM);
  ASSERT_TRUE(program.until([&] { return program.err().find("stopping") != std::string::npos; }));
  program.signal(SIGINT);
  EXPECT_EQ(program.wait().exit_code, kInterrupted);
}

TEST(Resume, StudyThatIsNotDeterministicSurvivesKillsToo) {
  const ToyStudy study({"limits.trials=30", "toy.jitter_ms=4", "execution.deterministic=false", "acquisition=parego"});
  run_with_kills(study, 6, 2);
  expect_every_trial_once(study, 30);
}

TEST(Resume, PreemptionCostsNoAttempt) {
  const ToyStudy study({"limits.trials=4", "toy.sleep_ms=20"});
  Program program(study.command({"--quiet"}), study.folder());
  ASSERT_TRUE(program.until([&] { return finished_trials(study) > 0; }));
  program.signal(SIGTERM);
  ASSERT_EQ(program.wait().exit_code, kInterrupted);
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  for (const auto& trial : store::open_sqlite(study.run_folder() / "study.sqlite", store::Open::read_only)->trials()) {
    EXPECT_EQ(trial.attempts, 1) << "trial " << trial.request.number;
  }
}

TEST(Resume, RaisedLimitContinuesAsIfItHadAlwaysBeenSo) {
  const ToyStudy once({"toy.jitter_ms=1"});
  ASSERT_EQ(once.run({"--quiet"}).exit_code, 0);
  const ToyStudy twice({"toy.jitter_ms=1"});
  const ProgramEnd first = twice.run({"--quiet", "--set", "limits.trials=23"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_NE(first.out.find("limits.trials reached"), std::string::npos);
  const std::string part = twice.table();
  EXPECT_EQ(once.table().substr(0, part.size()), part);
  ASSERT_EQ(twice.run({"--quiet"}).exit_code, 0);
  EXPECT_EQ(twice.table(), once.table());
}

TEST(Resume, FinishedStudyRunsNothingAgain) {
  const ToyStudy study({"limits.trials=6"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  const std::string table = study.table();
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  EXPECT_EQ(study.table(), table);
  expect_every_trial_once(study, 6);
}

TEST(Resume, StudyWhoseSpaceRanOutReplaysToTheSameTable) {
  const ToyStudy study({"toy.lr=0.01", "toy.depth=3", "toy.bits=5", "toy.optimizer={search: {choice: [sgd, adam]}}"});
  const ProgramEnd first = study.run({"--quiet"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const std::string table = study.table();
  EXPECT_NE(table.find("promoted"), std::string::npos) << table;
  const ProgramEnd second = study.run({"--quiet"});
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(study.table(), table);
}

TEST(Resume, ChangedExperimentIsRefusedWithTheKeysThatDiffer) {
  const ToyStudy study({"limits.trials=4"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  const ProgramEnd end = study.run({"--quiet", "--set", "toy.batch=64"});
  EXPECT_EQ(end.exit_code, 65);
  EXPECT_NE(end.err.find("holds another study"), std::string::npos) << end.err;
  EXPECT_NE(end.err.find("toy.batch"), std::string::npos) << end.err;
}

TEST(Resume, FreshMovesTheOldRunAside) {
  const ToyStudy study({"limits.trials=4"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  const ProgramEnd end = study.run({"--quiet", "--fresh", "--set", "toy.batch=64"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_TRUE(std::filesystem::exists(study.folder() / "runs/toy.old-1/study.sqlite"));
}

TEST(Resume, SecondDriverWaitsAndTakesOver) {
  const ToyStudy study({"limits.trials=12", "toy.sleep_ms=40"});
  Program first(study.command({"--quiet"}), study.folder());
  ASSERT_TRUE(first.until([&] { return finished_trials(study) > 0; }));
  Program second(study.command(), study.folder());
  ASSERT_TRUE(second.until([&] { return second.err().find("waiting for process") != std::string::npos; }));
  first.signal(SIGKILL);
  EXPECT_EQ(first.wait().signal, SIGKILL);
  const ProgramEnd end = second.wait();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  expect_every_trial_once(study, 12);
}

}  // namespace
}  // namespace dsnn::test
