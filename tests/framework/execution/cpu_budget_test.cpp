#include "execution/cpu_budget.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/temporary_folder.h"

namespace dsnn::execution {
namespace {

config::ExperimentSpec training() { return {}; }

config::ExperimentSpec search() {
  config::ExperimentSpec spec;
  spec.space = SearchSpace({{.id = "x", .domain = {.lo = 0, .hi = 1}, .default_value = Value(0.5), .active_when = {}}});
  return spec;
}

CpuBudget cores(int count, std::optional<double> quota = std::nullopt) {
  return {.affinity = count, .quota = quota, .memory_bytes = int64_t{64} << 30};
}

TEST(CpuBudget, IsTheSmallerOfAffinityAndQuotaInWholeCores) {
  EXPECT_EQ(cores(8).cores(), 8);
  EXPECT_EQ(cores(8, 2.5).cores(), 2);
  EXPECT_EQ(cores(2, 6.0).cores(), 2);
  EXPECT_EQ(cores(8, 0.5).cores(), 1);
}

TEST(CpuBudget, SaysWhereAQuotaComesIn) {
  EXPECT_EQ(cores(1).text(), "1 core");
  EXPECT_EQ(cores(8, 2.5).text(), "2 cores (it may run on 8; the quota of a control group leaves 2.5)");
}

TEST(CpuBudget, ReadsQuotaAndMemoryOfTheTree) {
  const test::TemporaryFolder root;
  const auto put = [&](const std::string& file, const std::string& text) {
    std::filesystem::create_directories((root.path() / file).parent_path());
    std::ofstream(root.path() / file) << text;
  };
  put("proc/self/cgroup", "0::/job\n");
  put("proc/self/mountinfo", "31 22 0:27 / /cg rw - cgroup2 cgroup2 rw\n");
  put("proc/meminfo", "MemTotal: 9000 kB\nMemAvailable: 4000 kB\n");
  put("cg/job/cpu.max", "300000 100000");
  EXPECT_EQ(cpu_budget(16, root.path()).cores(), 3);
  EXPECT_EQ(cpu_budget(2, root.path()).cores(), 2);
  EXPECT_EQ(cpu_budget(2, root.path()).memory_bytes, 4000 * 1024);
  put("cg/memory.max", "1024");
  EXPECT_EQ(cpu_budget(2, root.path()).memory_bytes, 1024);
}

TEST(Placement, ASearchGetsAWorkerOfOneThreadForEachCore) {
  const Placement placement = place(search(), cores(4));
  EXPECT_EQ(placement.workers, 4);
  EXPECT_EQ(placement.threads, 1);
  EXPECT_EQ(placement.text(), "4 workers, 1 thread each, on 4 cores");
}

TEST(Placement, ASingleTrainingMayUseAllCores) {
  const Placement placement = place(training(), cores(4));
  EXPECT_EQ(placement.workers, 1);
  EXPECT_EQ(placement.threads, 0);
  EXPECT_EQ(placement.cores_each, 4);
  EXPECT_EQ(placement.text(), "1 worker, up to 4 threads, on 4 cores");
}

TEST(Placement, CoresThatNoWorkerNeedsAreSharedOut) {
  config::ExperimentSpec spec = search();
  spec.execution.workers = 3;
  EXPECT_EQ(place(spec, cores(7)).text(), "3 workers, up to 2 threads each, on 7 cores");
}

TEST(Placement, DeterministicThreadsAreTheFilesWhateverTheMachine) {
  for (int threads : {0, 3}) {
    config::ExperimentSpec spec = search();
    spec.execution.deterministic = true;
    spec.execution.threads = threads;
    for (int count : {1, 2, 64}) EXPECT_EQ(place(spec, cores(count)).threads, threads == 0 ? 1 : threads);
    spec.space = SearchSpace();
    EXPECT_EQ(place(spec, cores(64)).threads, threads == 0 ? 1 : threads);
  }
}

TEST(Placement, NoMoreWorkersThanTrialsThatCanRunAtOnce) {
  config::ExperimentSpec spec = search();
  spec.limits.trials = 3;
  EXPECT_EQ(place(spec, cores(64)).workers, 3);
  spec.limits.trials = 100;
  spec.execution.deterministic = true;
  spec.execution.lookback = 5;
  EXPECT_EQ(place(spec, cores(64)).workers, 5);
  spec = search();
  spec.execution.device = "cuda:0";
  EXPECT_EQ(place(spec, cores(64)).workers, 1);
  spec = search();
  spec.execution.inline_isolation = true;
  spec.execution.workers = 7;
  EXPECT_EQ(place(spec, cores(64)).workers, 1);
}

TEST(Placement, NoMoreWorkersThanMemoryHolds) {
  CpuBudget budget = cores(64);
  budget.memory_bytes = int64_t{5} << 30;
  EXPECT_EQ(place(search(), budget).workers, 5);
  budget.memory_bytes = 1 << 20;
  EXPECT_EQ(place(search(), budget).workers, 1);
}

TEST(Placement, WhatTheFileAsksForIsDoneAndSaid) {
  config::ExperimentSpec spec = search();
  spec.execution.workers = 4;
  spec.execution.threads = 2;
  EXPECT_EQ(place(spec, cores(2)).text(), "4 workers, 2 threads each, on 2 cores; they will share the cores");
}

TEST(Placement, ChangesNoStudysIdentity) {
  config::ExperimentSpec few = search(), many = search();
  few.tree = parse_json(R"({"execution":{"workers":null,"threads":null,"deterministic":true}})");
  many.tree = parse_json(R"({"execution":{"workers":16,"threads":null,"deterministic":true}})");
  EXPECT_EQ(few.digest(), many.digest());
}

TEST(OpenmpEnvironment, LetsThreadsThatWaitSleepUnlessTheUserSaysOtherwise) {
  using Variables = std::vector<std::pair<std::string, std::string>>;
  const char* before = std::getenv("OMP_WAIT_POLICY");
  const std::string kept = before != nullptr ? before : "";
  ::unsetenv("OMP_WAIT_POLICY");
  const Placement placement = place(training(), cores(4));
  EXPECT_EQ(openmp_environment(placement), (Variables{{"OMP_NUM_THREADS", "4"}, {"OMP_WAIT_POLICY", "passive"}}));
  ::setenv("OMP_WAIT_POLICY", "active", 1);
  EXPECT_EQ(openmp_environment(placement), (Variables{{"OMP_NUM_THREADS", "4"}}));
  ::unsetenv("OMP_WAIT_POLICY");
  if (before != nullptr) ::setenv("OMP_WAIT_POLICY", kept.c_str(), 1);
}

}  // namespace
}  // namespace dsnn::execution
