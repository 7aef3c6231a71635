#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

#include "store/store.h"
#include "support/study_run.h"

namespace dsnn::test {
namespace {

std::vector<store::TrialRecord> trials_of(const ToyStudy& study) {
  return store::open_sqlite(study.run_folder() / "study.sqlite", store::Open::read_only)->trials();
}

struct Fault {
  const char* name;
  TrialState state;
  FailKind kind;
  const char* text;  ///< part of the recorded message
};

class OneFault : public testing::TestWithParam<Fault> {};

TEST_P(OneFault, CostsOnlyItsOwnTrials) {
  const Fault& fault = GetParam();
  const ToyStudy study({"limits.trials=30", "toy.fault_fraction=0.3", std::string("toy.fault=") + fault.name});
  const ProgramEnd end = study.run({"--quiet"});
  ASSERT_EQ(end.exit_code, 0) << end.err;
  int good = 0, bad = 0;
  for (const store::TrialRecord& trial : trials_of(study)) {
    if (trial.state == TrialState::complete) {
      ++good;
      continue;
    }
    ++bad;
    EXPECT_EQ(to_string(trial.state), std::string(to_string(fault.state)));
    EXPECT_EQ(to_string(trial.fail), std::string(to_string(fault.kind)));
    EXPECT_NE(trial.message.find(fault.text), std::string::npos) << trial.message;
  }
  EXPECT_EQ(good + bad, 30);
  EXPECT_GE(bad, 4);
  EXPECT_GE(good, 12);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, OneFault,
    testing::Values(Fault{"segv", TrialState::failed, FailKind::signal, "SIGSEGV in toy_evaluator.dsnn.so"},
                    Fault{"abort", TrialState::failed, FailKind::signal, "SIGABRT in toy_evaluator.dsnn.so"},
                    Fault{"throw_int", TrialState::failed, FailKind::signal, "SIGABRT"},
                    Fault{"exit", TrialState::failed, FailKind::plugin, "exit code 3"},
                    Fault{"throw", TrialState::failed, FailKind::exception, "fixture.toy': the toy threw this"},
                    Fault{"nan", TrialState::diverged, FailKind::none, "objective 'error' is nan"},
                    Fault{"inf", TrialState::diverged, FailKind::none, "objective 'error' is inf"},
                    Fault{"missing", TrialState::failed, FailKind::exception, "no metric 'validation.error'"},
                    Fault{"kill_self", TrialState::failed, FailKind::lost, "killed from outside"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(TrialFaults, HangingTrialIsStoppedByTheWallLimit) {
  const ToyStudy study({"limits.trials=8", "toy.fault_fraction=0.3", "toy.fault=hang", "limits.trial.wall=300ms"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  int stopped = 0;
  for (const store::TrialRecord& trial : trials_of(study)) stopped += trial.fail == FailKind::timeout ? 1 : 0;
  EXPECT_GE(stopped, 1);
}

TEST(TrialFaults, MemoryLimitFailsTheTrialAsOom) {
  const ToyStudy study(
      {"limits.trials=12", "toy.fault_fraction=0.3", "toy.fault=memory", "limits.trial.memory=700MiB"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  int oom = 0;
  for (const store::TrialRecord& trial : trials_of(study)) oom += trial.fail == FailKind::oom ? 1 : 0;
  EXPECT_GE(oom, 1);
}

TEST(TrialFaults, AFileThatMayNotGrowEndsTheRunAsAFullDiskDoesAndItResumes) {
  const ToyStudy study({"limits.trials=40"});
  rlimit before = {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 100 * 1024;
  ::setrlimit(RLIMIT_FSIZE, &small);
  const ProgramEnd end = study.run({"--quiet"});
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(end.signal, 0);
  EXPECT_EQ(end.exit_code, 74) << end.err;
  EXPECT_NE(end.err.find("raise the limit (ulimit -f) and run the same command again"), std::string::npos) << end.err;
  EXPECT_EQ(study.run({"--quiet"}).exit_code, 0);
}

TEST(TrialFaults, AReaderThatGoesAwayCostsTheOutputAndNotTheStudy) {
  const ToyStudy study({"limits.trials=6"});
  std::string line = std::string(DSNN_BINARY_DIR) + "/bin/dsnn-run";
  for (const std::string& word : study.command()) line += " '" + word + "'";
  line = "cd " + study.folder().string() + " && ( " + line + " 2>&1 ; echo $? > code ) | true";
  ASSERT_EQ(std::system(line.c_str()), 0);
  EXPECT_EQ(read_text(study.folder() / "code"), "0\n");
  EXPECT_NE(study.table(), "");
}

TEST(TrialFaults, ALimitOfTimeStopsRunningTrialsWhichAHigherOneContinuesToTheSameTable) {
  const std::vector<std::string> changes = {"limits.trials=4", "toy.sleep_ms=20"};
  const ToyStudy whole(changes), cut(changes);
  ASSERT_EQ(whole.run({"--quiet"}).exit_code, 0);
  const ProgramEnd end = cut.run({"--quiet", "--set", "limits.wall=100ms"});
  EXPECT_NE(end.out.find("done: limits.wall reached; "), std::string::npos) << end.out;
  EXPECT_NE(end.out.find(" stopped and ha"), std::string::npos) << end.out;
  EXPECT_NE(cut.table(), whole.table());
  ASSERT_EQ(cut.run({"--quiet"}).exit_code, 0);
  EXPECT_EQ(cut.table(), whole.table());
}

TEST(TrialFaults, CrashIsTriedAgainWhenRetriesAllowIt) {
  const ToyStudy study({"limits.trials=12", "toy.fault_fraction=0.5", "toy.fault=abort", "toy.fault_once=true",
                        "limits.trial.retries=1"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  int repeated = 0;
  for (const store::TrialRecord& trial : trials_of(study)) {
    EXPECT_EQ(trial.state, TrialState::complete) << trial.message;
    repeated += trial.attempts > 1 ? 1 : 0;
  }
  EXPECT_GE(repeated, 3);
}

TEST(TrialFaults, LeaksChangeNoResult) {
  const ToyStudy leaking({"limits.trials=40", "toy.fault=leak"});
  ASSERT_EQ(leaking.run({"--quiet"}).exit_code, 0);
  const ToyStudy tight({"limits.trials=40", "toy.fault=leak"});
  ASSERT_EQ(tight.run({"--quiet", "--set", "execution.recycle.memory_growth=16MiB"}).exit_code, 0);
  EXPECT_EQ(tight.table(), leaking.table());
}

TEST(TrialFaults, ConfigurationErrorOfTheFirstTrialEndsTheRunWith65) {
  const ToyStudy study({"limits.trials=4", "toy.fault=config"});
  const ProgramEnd end = study.run({"--quiet"});
  EXPECT_EQ(end.exit_code, 65);
  EXPECT_NE(end.err.find("this machine has no such thing"), std::string::npos) << end.err;
  EXPECT_FALSE(std::filesystem::exists(study.run_folder())) << "it would stand in the way of the mended file";
}

TEST(TrialFaults, GrandchildrenOfACrashedWorkerAreGoneToo) {
  const ToyStudy study({"limits.trials=2", "toy.fault=orphan"});
  Program program(study.command({"--quiet"}), study.folder());
  program.wait();
  EXPECT_TRUE(program.children().empty());
}

TEST(TrialFaults, WorkerKilledFromOutsideIsReplacedAndTheTrialRunsAgain) {
  const ToyStudy study({"limits.trials=10", "toy.sleep_ms=10"});
  Program program(study.command({"--quiet"}), study.folder());
  int killed = 0;
  program.until([&] {
    const std::vector<pid_t> workers = program.children();
    if (workers.size() == 2 && ::kill(workers.front(), SIGKILL) == 0) ++killed;
    return killed >= 3;
  });
  const ProgramEnd end = program.wait();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  for (const store::TrialRecord& trial : trials_of(study))
    EXPECT_EQ(trial.state, TrialState::complete) << trial.message;
}

}  // namespace
}  // namespace dsnn::test
