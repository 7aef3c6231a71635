#include "store/run_lock.h"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include "dsnn/error.h"
#include "store_fixture.h"

namespace dsnn::store {
namespace {

/// A process that holds the lock until it is killed.
class HoldingProcess {
 public:
  explicit HoldingProcess(const std::filesystem::path& folder) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const RunLock lock = RunLock::acquire(folder);
      if (::write(ready[1], "x", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~HoldingProcess() { kill(); }
  HoldingProcess(const HoldingProcess&) = delete;
  HoldingProcess& operator=(const HoldingProcess&) = delete;
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

TEST(RunLock, NamesItsHolderAndFreesItselfAtTheEnd) {
  const TemporaryFolder folder;
  EXPECT_FALSE(RunLock::holder(folder.path()).has_value());
  {
    const RunLock lock = RunLock::acquire(folder.path());
    const auto holder = RunLock::holder(folder.path());
    ASSERT_TRUE(holder.has_value());
    EXPECT_EQ(holder->pid, ::getpid());
    EXPECT_EQ(holder->boot_id, boot_id());
  }
  EXPECT_FALSE(RunLock::holder(folder.path()).has_value());
}

TEST(RunLock, SecondDriverWaitsSaysForWhomAndTakesOverWhenTheFirstIsKilled) {
  const TemporaryFolder folder;
  HoldingProcess first(folder.path());
  const auto expected = static_cast<int64_t>(first.pid());
  int64_t waited_for = 0;
  const RunLock lock = RunLock::acquire(folder.path(), [&](const LockHolder& holder) {
    waited_for = holder.pid;
    first.kill();
  });
  EXPECT_EQ(waited_for, expected);
  EXPECT_EQ(RunLock::holder(folder.path())->pid, ::getpid());
}

TEST(RunLock, FolderRemovedWhileWaitingIsMadeAnew) {
  const TemporaryFolder folder;
  const std::filesystem::path run = folder.path() / "run";
  std::filesystem::create_directory(run);
  HoldingProcess first(run);
  const RunLock lock = RunLock::acquire(run, [&](const LockHolder&) {
    std::filesystem::remove_all(run);
    first.kill();
  });
  ASSERT_TRUE(RunLock::holder(run).has_value());
  EXPECT_EQ(RunLock::holder(run)->pid, ::getpid());
}

TEST(RunLock, FolderMovedAwayWhileWaitingIsLockedAnewAtItsOldPlace) {
  const TemporaryFolder folder;
  const std::filesystem::path run = folder.path() / "run";
  std::filesystem::create_directory(run);
  HoldingProcess first(run);
  const RunLock lock = RunLock::acquire(run, [&](const LockHolder&) {
    std::filesystem::rename(run, folder.path() / "run.old-1");
    std::filesystem::create_directory(run);
    first.kill();
  });
  const auto holder = RunLock::holder(run);
  ASSERT_TRUE(holder.has_value());
  EXPECT_EQ(holder->pid, ::getpid());
}

TEST(RunLock, WaitingEndsWith75WhenAskedToGiveUp) {
  const TemporaryFolder folder;
  const HoldingProcess first(folder.path());
  try {
    RunLock::acquire(folder.path(), {}, [] { return true; });
    ADD_FAILURE() << "two holders";
  } catch (const ExitError& error) {
    EXPECT_EQ(error.exit_code(), 75);
    EXPECT_NE(std::string(error.what()).find(std::to_string(first.pid())), std::string::npos);
  }
}

TEST(RunLock, FolderThatCannotBeMadeIsRefusedWith73) {
  try {
    RunLock::acquire("/dev/null/folder");
    ADD_FAILURE();
  } catch (const ExitError& error) {
    EXPECT_EQ(error.exit_code(), 73);
  }
}

}  // namespace
}  // namespace dsnn::store
