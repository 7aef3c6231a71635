#include <csignal>
#include <random>
#include <set>

#include <poll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dsnn/error.h"
#include "store/database.h"
#include "store/file.h"
#include "store_fixture.h"

namespace dsnn::store {
namespace {

/// Adds, claims and tells trials for ever; each acknowledged number goes into the pipe.
[[noreturn]] void write_for_ever(const std::filesystem::path& file, int64_t first, int acknowledged) {
  try {
    const auto store = open_sqlite(file, Open::read_write);
    for (const TrialRecord& t : store->trials()) {
      if (t.state != TrialState::waiting && t.state != TrialState::running) continue;
      const int64_t fence = store->claim(t.request.number, "again", ::getpid());
      store->tell(example_evaluation(t.request, 0.5, 1), fence, {});
    }
    for (int64_t n = first;; ++n) {
      const TrialRequest request = example_request(n);
      store->add_trial(request, "view");
      const int64_t fence = store->claim(n, "w0", ::getpid());
      store->add_epoch_metrics(n, static_cast<int>(fence), {{1, "train.loss", 1, 0.1}});
      store->tell(example_evaluation(request, 0.5, 1), fence, {});
      if (::write(acknowledged, &n, sizeof n) != sizeof n) ::_exit(0);
    }
  } catch (const std::exception& error) {
    ::fprintf(stderr, "writer: %s\n", error.what());
    ::_exit(1);
  }
}

/// Kills the writer with -9 after a random number of acknowledgements and a random delay.
std::set<int64_t> run_and_kill(const std::filesystem::path& file, int64_t first, std::mt19937& random) {
  int pipe_ends[2];
  EXPECT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe_ends[0]);
    write_for_ever(file, first, pipe_ends[1]);
  }
  ::close(pipe_ends[1]);
  std::set<int64_t> acknowledged;
  int64_t n = 0;
  for (auto left = random() % 6; left > 0; --left) {
    if (::read(pipe_ends[0], &n, sizeof n) == sizeof n) acknowledged.insert(n);
  }
  ::poll(nullptr, 0, static_cast<int>(random() % 4));
  ::kill(child, SIGKILL);
  while (::read(pipe_ends[0], &n, sizeof n) == sizeof n) acknowledged.insert(n);
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  return acknowledged;
}

TEST_F(StoreTest, KilledWriterLosesNothingThatWasAcknowledged) {
  create();
  std::mt19937 random(20240607);
  std::set<int64_t> acknowledged;
  for (int round = 0; round < 30; ++round) {
    const int64_t next = static_cast<int64_t>(open_sqlite(file(), Open::read_write)->trials().size());
    acknowledged.merge(run_and_kill(file(), next, random));
    const auto store = open_sqlite(file(), Open::read_write);
    const auto trials = store->trials();
    for (size_t i = 0; i < trials.size(); ++i) ASSERT_EQ(trials[i].request.number, static_cast<int64_t>(i));
    for (const int64_t n : acknowledged) {
      ASSERT_LT(n, static_cast<int64_t>(trials.size()));
      ASSERT_EQ(trials[static_cast<size_t>(n)].state, TrialState::complete);
      ASSERT_EQ(trials[static_cast<size_t>(n)].objectives.size(), 2u);
    }
  }
  EXPECT_GT(acknowledged.size(), 10u);
  Database database(file(), Open::read_only);
  auto check = database.query("PRAGMA integrity_check");
  ASSERT_TRUE(check.step());
  EXPECT_EQ(check.text(0), "ok");
}

/// A 1 MB tmpfs, when this process may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& where) : where_(where) {
    std::filesystem::create_directories(where_);
    mounted_ = ::geteuid() == 0 && ::mount("tmpfs", where_.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path where_;
  bool mounted_ = false;
};

TEST_F(StoreTest, FullDiskEndsWith74AndLosesNothing) {
  const std::filesystem::path disk = folder_.path() / "disk";
  const SmallDisk mounted(disk);
  if (!mounted.mounted()) GTEST_SKIP() << "needs the right to mount a tmpfs";
  int64_t told = 0;
  int code = 0;
  try {
    const auto store = open_sqlite(disk / "study.sqlite", Open::create);
    store->create_study(example_study(), {});
    for (;; ++told) finish(*store, example_request(told), 0.5, 1);
  } catch (const ExitError& error) {
    code = error.exit_code();
  }
  EXPECT_EQ(code, 74);
  std::filesystem::copy(disk, folder_.path() / "copy", std::filesystem::copy_options::recursive);
  const auto store = open_sqlite(folder_.path() / "copy" / "study.sqlite", Open::read_write);
  int64_t complete = 0;
  for (const TrialRecord& t : store->trials()) complete += t.state == TrialState::complete ? 1 : 0;
  EXPECT_GE(complete, told);
  EXPECT_GT(told, 0);
}

TEST_F(StoreTest, FullDiskLeavesNoHalfFile) {
  const std::filesystem::path disk = folder_.path() / "disk";
  const SmallDisk mounted(disk);
  if (!mounted.mounted()) GTEST_SKIP() << "needs the right to mount a tmpfs";
  write_file_atomically(disk / "table.csv", "old");
  try {
    write_file_atomically(disk / "table.csv", std::string(size_t{4} << 20, 'x'));
    ADD_FAILURE() << "4 MB fitted on a disk of 1 MB";
  } catch (const ExitError& error) {
    EXPECT_EQ(error.exit_code(), 74);
    EXPECT_NE(std::string(error.what()).find("free some space"), std::string::npos);
  }
  EXPECT_EQ(read_file(disk / "table.csv"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(disk), {}), 1);
}

/// The n-th growth of any file fails: RLIMIT_FSIZE stands for a full disk where nothing may be mounted.
TEST_F(StoreTest, EveryFileSizeLimitEndsWith74AndAReadableStore) {
  create();
  for (rlim_t limit = 130000; limit < 400000; limit += 30000) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit bound{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &bound);
      try {
        const auto store = open_sqlite(file(), Open::read_write);
        for (auto n = static_cast<int64_t>(store->trials().size()); n < 5000; ++n) {
          const TrialRequest request = example_request(n);
          store->add_trial(request, "");
          store->tell(example_evaluation(request, 0.5, 1), store->claim(n, "w", 1), {});
        }
        ::_exit(0);
      } catch (const ExitError& error) {
        ::_exit(error.exit_code());
      }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 74);
    EXPECT_NO_THROW(open_sqlite(file(), Open::read_write)->trials());
  }
}

}  // namespace
}  // namespace dsnn::store
