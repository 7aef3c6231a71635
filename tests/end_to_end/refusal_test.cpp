#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "support/folder_contents.h"
#include "support/study_run.h"

namespace dsnn::test {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

/// Ways to be refused after the run's folder was made: by a worker, by the driver itself, and in a search's first
/// trial.
const std::map<std::string, std::vector<std::string>> kRefusals = {
    {"worker", {"toy.fault=config"}},
    {"inline", {"toy.fault=config", "execution.isolation=inline"}},
    {"several_workers", {"toy.fault=config", "execution.workers=4"}},
};

class Refusal : public testing::TestWithParam<std::string> {
 protected:
  ToyStudy study{kRefusals.at(GetParam())};

  void expect_refused() {
    const ProgramEnd end = study.run({"--quiet"});
    EXPECT_EQ(end.exit_code, 65) << end.err;
    EXPECT_NE(end.err.find("this machine has no such thing"), std::string::npos) << end.err;
  }
};

TEST_P(Refusal, LeavesNothingWhereNothingWas) {
  expect_refused();
  EXPECT_FALSE(fs::exists(study.folder() / "runs"));
}

TEST_P(Refusal, KeepsTheFolderAndTheNotesThatWereThere) {
  const fs::path run = study.run_folder();
  write(run / "notes.txt", "mine");
  write(run / "figures/a.txt", "mine too");
  write(run / "results.txt", "also mine");
  write(run / "models/kept/weights.bin", "a model of mine");
  write(run / "source/toy.txt", "my source");
  write(run.parent_path() / "other.txt", "beside it");
  const auto before = contents(study.folder() / "runs");
  expect_refused();
  EXPECT_EQ(changed(before, contents(study.folder() / "runs")), std::vector<std::string>());
}

TEST_P(Refusal, KeepsAnEmptyFolderThatWasThere) {
  fs::create_directories(study.run_folder());
  expect_refused();
  EXPECT_TRUE(fs::is_empty(study.run_folder()));
}

TEST_P(Refusal, KeepsTheFinishedSeedsAndCellsBelow) {
  const ToyStudy other({"limits.trials=2"});
  ASSERT_EQ(other.run({"--quiet", "--set", "seed=[1, 2]"}).exit_code, 0);
  fs::create_directories(study.folder() / "runs");
  fs::copy(other.run_folder(), study.run_folder(), fs::copy_options::recursive);
  const auto before = contents(study.run_folder());
  ASSERT_TRUE(before.contains("seed-2/study.sqlite"));
  EXPECT_EQ(study.run({"--quiet"}).exit_code, 65);
  EXPECT_EQ(changed(before, contents(study.run_folder())), std::vector<std::string>());
}

TEST_P(Refusal, OfOneSeedKeepsTheOthers) {
  const ToyStudy other({"limits.trials=2"});
  ASSERT_EQ(other.run({"--quiet", "--set", "seed=[1, 2]"}).exit_code, 0);
  fs::create_directories(study.folder() / "runs");
  fs::copy(other.run_folder(), study.run_folder(), fs::copy_options::recursive);
  const auto before = contents(study.run_folder());
  EXPECT_EQ(study.run({"--quiet", "--set", "seed=[3, 4]"}).exit_code, 65);
  EXPECT_EQ(changed(before, contents(study.run_folder())), std::vector<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Run, Refusal, testing::Values("worker", "inline", "several_workers"),
                         [](const auto& made) { return made.param; });

TEST(RefusalOfAStudy, ThatHasFinishedTrialsKeepsThem) {
  const ToyStudy study({"limits.trials=2"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  const std::string table = study.table();
  EXPECT_EQ(study.run({"--quiet", "--set", "toy.fault=config"}).exit_code, 65);
  EXPECT_EQ(study.table(), table);
  EXPECT_EQ(study.run({"--quiet"}).exit_code, 0);
}

}  // namespace
}  // namespace dsnn::test
