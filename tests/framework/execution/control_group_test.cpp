#include "execution/control_group.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.h"

namespace dsnn::execution {
namespace {

namespace fs = std::filesystem;

/// A tree of /proc and /sys as a process in some control group sees it.
class ControlGroups : public testing::Test {
 protected:
  void put(const std::string& file, const std::string& text) const {
    const fs::path path = root() / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void version_2(const std::string& group, const std::string& top = "/") const {
    put("proc/self/cgroup", "0::" + group + "\n");
    put("proc/self/mountinfo",
        "22 1 8:1 / / rw - ext4 /dev/root rw\n31 22 0:27 " + top + " /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n");
  }
  void version_1(const std::string& group, const std::string& top = "/") const {
    put("proc/self/cgroup", "5:name=systemd:/\n4:memory:" + group + "\n3:cpu,cpuacct:" + group + "\n0::/\n");
    put("proc/self/mountinfo", "30 22 0:28 " + top + " /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
                                   "31 22 0:29 " + top + " /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
                                   "32 22 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  }
  const fs::path& root() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(ControlGroups, NoTreeMeansNoLimit) {
  EXPECT_EQ(cpu_quota(root()), std::nullopt);
  EXPECT_EQ(memory_limit(root()), std::nullopt);
  EXPECT_EQ(out_of_memory_kills(root()), 0);
}

TEST_F(ControlGroups, Version2TakesTheSmallestQuotaAlongThePath) {
  version_2("/batch.slice/job/step");
  put("sys/fs/cgroup/batch.slice/cpu.max", "150000 100000\n");
  put("sys/fs/cgroup/batch.slice/job/cpu.max", "max 100000\n");
  put("sys/fs/cgroup/batch.slice/job/step/cpu.max", "800000 100000\n");
  EXPECT_DOUBLE_EQ(cpu_quota(root()).value(), 1.5);
}

TEST_F(ControlGroups, Version2WithoutAQuotaHasNone) {
  version_2("/user.slice");
  put("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
  EXPECT_EQ(cpu_quota(root()), std::nullopt);
}

TEST_F(ControlGroups, Version1TakesTheSmallestQuotaAlongThePath) {
  version_1("/docker/abc");
  put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "25000\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "50000\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "200000\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cpu_quota(root()).value(), 0.5);
}

TEST_F(ControlGroups, AContainerSeesItsOwnGroupAsTheTopmost) {
  version_1("/docker/abc", "/docker/abc");  // the mount shows the group itself
  put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
  put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cpu_quota(root()).value(), 3);
}

TEST_F(ControlGroups, AGroupOutsideOfTheMountFallsBackToWhatIsMounted) {
  version_2("/../elsewhere", "/");
  put("sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_DOUBLE_EQ(cpu_quota(root()).value(), 0.5);
  version_2("/ab", "/a");  // a sibling whose name begins alike
  EXPECT_EQ(control_groups("cpu", root()), (std::vector<fs::path>{root() / "sys/fs/cgroup"}));
}

TEST_F(ControlGroups, BlanksInAMountPointAreReadAsTheKernelWritesThem) {
  put("proc/self/cgroup", "0::/\n");
  put("proc/self/mountinfo", "31 22 0:27 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(control_groups("cpu", root()), (std::vector<fs::path>{root() / "my groups"}));
}

TEST_F(ControlGroups, MemoryLimitOfEitherVersion) {
  version_2("/job");
  put("sys/fs/cgroup/job/memory.max", "max\n");
  EXPECT_EQ(memory_limit(root()), std::nullopt);
  put("sys/fs/cgroup/memory.max", "1000000\n");
  EXPECT_EQ(memory_limit(root()), 1'000'000);
  version_1("/job");
  put("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(memory_limit(root()), std::nullopt);
  put("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4096000\n");
  EXPECT_EQ(memory_limit(root()), 4'096'000);
}

TEST_F(ControlGroups, KillsOfTheInnermostGroupThatCountsThem) {
  version_2("/job");
  put("sys/fs/cgroup/memory.events", "low 0\nhigh 0\nmax 9\noom 8\noom_kill 7\n");
  EXPECT_EQ(out_of_memory_kills(root()), 7);
  put("sys/fs/cgroup/job/memory.events", "low 0\noom 3\noom_kill 2\noom_group_kill 0\n");
  EXPECT_EQ(out_of_memory_kills(root()), 2);
}

TEST_F(ControlGroups, Version1CountsKillsInOomControl) {
  version_1("/job");
  put("sys/fs/cgroup/memory/job/memory.failcnt", "88\n");
  put("sys/fs/cgroup/memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
  EXPECT_EQ(out_of_memory_kills(root()), 4);
}

TEST_F(ControlGroups, AnOldKernelCountsHowOftenTheLimitWasHit) {
  version_1("/job");
  put("sys/fs/cgroup/memory/job/memory.failcnt", "5\n");
  put("sys/fs/cgroup/memory/job/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
  put("sys/fs/cgroup/memory/memory.failcnt", "2\n");
  EXPECT_EQ(out_of_memory_kills(root()), 7);
}

}  // namespace
}  // namespace dsnn::execution
