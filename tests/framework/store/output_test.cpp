#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dsnn/error.h"
#include "store/file.h"
#include "store/run_names.h"
#include "store_fixture.h"

namespace dsnn::store {
namespace {

namespace fs = std::filesystem;

mode_t mode_of(const fs::path& file) {
  struct stat info {};
  EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
  return info.st_mode & 07777;
}

/// The exit code of writing there, 0 when it was written, and the sentence.
std::pair<int, std::string> outcome(const fs::path& file, const std::string& text) {
  try {
    write_output(file, text);
    return {0, ""};
  } catch (const ExitError& e) {
    return {e.exit_code(), e.what()};
  }
}

class Output : public testing::Test {
 protected:
  void TearDown() override { ::umask(umask_); }

  TemporaryFolder folder_;
  const fs::path file_ = folder_.path() / "table.csv";
  const mode_t umask_ = ::umask(022);
};

TEST_F(Output, NewFileHonoursTheUmask) {
  write_output(file_, "a");
  EXPECT_EQ(mode_of(file_), 0644u);
  ::umask(077);
  write_output(folder_.path() / "private.csv", "a");
  EXPECT_EQ(mode_of(folder_.path() / "private.csv"), 0600u);
  ::umask(002);
  write_file_atomically(folder_.path() / "report.html", "a");
  EXPECT_EQ(mode_of(folder_.path() / "report.html"), 0664u);
}

TEST_F(Output, ReplacedFileKeepsItsModeAndAReaderOfTheOldOneItsText) {
  std::ofstream(file_) << "old";
  ASSERT_EQ(::chmod(file_.c_str(), 0640), 0);
  std::ifstream reader(file_);
  write_output(file_, "new");
  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "old");
  EXPECT_EQ(read_file(file_), "new");
  EXPECT_EQ(mode_of(file_), 0640u);
}

TEST_F(Output, LinkStaysALinkAndItsTargetIsReplacedInItsOwnFolder) {
  fs::create_directory(folder_.path() / "real");
  std::ofstream(folder_.path() / "real/a.csv") << "old";
  fs::create_symlink("real/a.csv", folder_.path() / "one");
  fs::create_symlink("one", file_);
  write_output(file_, "new");
  EXPECT_TRUE(fs::is_symlink(file_));
  EXPECT_EQ(read_file(folder_.path() / "real/a.csv"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 3);
}

TEST_F(Output, LinkToNothingYetMakesItsTarget) {
  fs::create_directory(folder_.path() / "real");
  fs::create_symlink("real/a.csv", file_);
  write_output(file_, "new");
  EXPECT_TRUE(fs::is_symlink(file_));
  EXPECT_EQ(read_file(folder_.path() / "real/a.csv"), "new");
}

TEST_F(Output, LinksInACircleAndFoldersAreRefused) {
  fs::create_symlink("b", folder_.path() / "a");
  fs::create_symlink("a", folder_.path() / "b");
  EXPECT_EQ(outcome(folder_.path() / "a", "x").first, 73);
  EXPECT_EQ(outcome(folder_.path(), "x").first, 73);
  EXPECT_EQ(outcome(folder_.path() / "none/a", "x").first, 73);
  EXPECT_EQ(outcome("", "x").first, 73);
}

TEST_F(Output, PipeStaysAPipeAndItsReaderGetsTheText) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = read_file(file_); });
  const std::string text(300000, 'x');
  write_output(file_, text);
  reader.join();
  EXPECT_EQ(got, text);
  EXPECT_TRUE(fs::is_fifo(file_));
}

TEST_F(Output, ReaderThatWentAwayIsAnErrorAndNoSignal) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  std::thread reader([&] { ::close(::open(file_.c_str(), O_RDONLY)); });
  const auto [code, text] = outcome(file_, std::string(300000, 'x'));
  reader.join();
  EXPECT_EQ(code, 74);
  EXPECT_NE(text.find("Broken pipe"), std::string::npos) << text;
}

TEST_F(Output, DevicesAreWrittenInto) {
  EXPECT_EQ(outcome("/dev/null", "text").first, 0);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  const auto [code, text] = outcome("/dev/full", "text");
  EXPECT_EQ(code, 74);
  EXPECT_NE(text.find("No space left on device"), std::string::npos) << text;
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(Output, OpenStreamIsWrittenIntoWhereItStands) {
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::write(fd, "head\n", 5), 5);
  write_output("/dev/fd/" + std::to_string(fd), "body\n");
  ASSERT_EQ(::write(fd, "tail\n", 5), 5);
  ::close(fd);
  EXPECT_EQ(read_file(file_), "head\nbody\ntail\n");
}

TEST_F(Output, OwnFilesOfARunAreRefusedByAnyName) {
  const fs::path run = folder_.path() / "run";
  fs::create_directories(run / "trials/3");
  for (const char* name : {"study.sqlite", "experiment.yaml", "trials/3/checkpoint.json"})
    std::ofstream(run / name) << "own";
  fs::create_symlink(run / "study.sqlite", file_);
  fs::create_directory_symlink(run, folder_.path() / "linked");
  for (const fs::path& name :
       {run / "study.sqlite", run / "experiment.yaml", run / "trials/3/checkpoint.json", run / "trials/3/new",
        run / "study.sqlite-wal", run / "study.sqlite.v1.backup", run / "report.html", file_,
        folder_.path() / "linked/experiment.yaml", run / "../run/trials/../lock"}) {
    const auto [code, text] = outcome(name, "x");
    EXPECT_EQ(code, 73) << name;
    EXPECT_NE(text.find("it is a file of the run in"), std::string::npos) << text;
  }
  EXPECT_EQ(read_file(run / "study.sqlite"), "own");
  EXPECT_EQ(outcome(run / "mine.csv", "x").first, 0);
  EXPECT_EQ(outcome(folder_.path() / "experiment.yaml", "x").first, 0);
}

TEST(RunNames, LeftOfARunAreItsFilesNotItsEmptyFolders) {
  const TemporaryFolder folder;
  EXPECT_EQ(left_of_a_run(folder.path()), "");
  for (const char* name : {"trials", "models/kept", "source"}) fs::create_directories(folder.path() / name);
  std::ofstream(folder.path() / "lock") << "{}";
  EXPECT_EQ(left_of_a_run(folder.path()), "");
  std::ofstream(folder.path() / "pareto.csv") << "number\n";
  EXPECT_EQ(left_of_a_run(folder.path()), "pareto.csv");
  fs::create_directories(folder.path() / "models/best");
  EXPECT_EQ(left_of_a_run(folder.path()), "models/best");
  fs::create_directories(folder.path() / "trials/0");
  EXPECT_EQ(left_of_a_run(folder.path()), "trials");
}

}  // namespace
}  // namespace dsnn::store
