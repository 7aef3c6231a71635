#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/folder_contents.h"
#include "support/study_run.h"

/// What lies where: one folder holds one run or the runs of several seeds and cells, and what is not a run's own stays.
namespace dsnn::test {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kSeeds = {"--quiet", "--set", "seed=[1, 2]"};

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void expect_error(const ProgramEnd& end, int exit_code, const std::string& text) {
  EXPECT_EQ(end.exit_code, exit_code) << end.err;
  EXPECT_NE(end.err.find(text), std::string::npos) << end.err;
}

TEST(Folders, PlainRunOverRunsOfSeedsIsRefusedAlsoWithFresh) {
  const ToyStudy study({"limits.trials=2"});
  ASSERT_EQ(study.run(kSeeds).exit_code, 0);
  const auto before = contents(study.folder() / "runs");
  const std::string text = "it holds runs of other seeds or cells (seed-1, seed-2)";
  expect_error(study.run({"--quiet"}), 65, text);
  expect_error(study.run({"--quiet", "--fresh"}), 65, text);
  expect_error(study.run({"--quiet", "--out", "runs/"}), 65, text);
  EXPECT_EQ(changed(before, contents(study.folder() / "runs")), std::vector<std::string>());
}

TEST(Folders, RefusalOverManyRunsNamesThree) {
  const ToyStudy study({"limits.trials=2"});
  ASSERT_EQ(study.run({"--quiet", "--set", "seed=[1, 2, 3, 4, 5]"}).exit_code, 0);
  expect_error(study.run({"--quiet"}), 65, "(seed-1, seed-2, seed-3 and 2 more)");
}

TEST(Folders, RunsOfSeedsBelowAPlainRunAreRefusedAlsoWithFresh) {
  const ToyStudy study({"limits.trials=2"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  const auto before = contents(study.run_folder());
  expect_error(study.run(kSeeds), 65, "runs/toy is the folder of a run itself");
  expect_error(study.run(with(kSeeds, {"--fresh"})), 65, "runs/toy is the folder of a run itself");
  EXPECT_EQ(changed(before, contents(study.run_folder())), std::vector<std::string>());
}

TEST(Folders, OutIsNoRunItself) {
  const ToyStudy study({"limits.trials=2"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  expect_error(study.run({"--quiet", "--out", "runs/toy"}), 65, "runs/toy is the folder of a run itself");
  EXPECT_FALSE(fs::exists(study.run_folder() / "toy"));
}

TEST(Folders, BatchWhoseStudiesLieInEachOtherRunsNothing) {
  const ToyStudy study({"limits.trials=2"});
  std::string seeds = toy_experiment();
  seeds.replace(seeds.find("seed: 7"), 7, "seed: [1, 2]");
  std::ofstream(study.folder() / "seeds.yaml") << seeds;
  expect_error(study.run({"--quiet", "seeds.yaml"}), 65,
               "would lie in 'toy', the folder of another study of this batch");
  EXPECT_FALSE(fs::exists(study.folder() / "runs"));
}

TEST(Folders, FreshMovesTheRunsOwnFilesAndNothingElse) {
  const ToyStudy study({"limits.trials=2"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  const std::string table = study.table();
  std::ofstream(study.run_folder() / "notes.txt") << "mine";
  fs::create_directory(study.run_folder() / "figures");
  ASSERT_EQ(study.run({"--quiet", "--fresh", "--set", "toy.batch=64"}).exit_code, 0);
  EXPECT_EQ(read_text(study.run_folder() / "notes.txt"), "mine");
  EXPECT_TRUE(fs::exists(study.run_folder() / "figures"));
  EXPECT_FALSE(fs::exists(study.folder() / "runs/toy.old-1/notes.txt"));
  EXPECT_EQ(read_text(study.folder() / "runs/toy.old-1/trials.csv"), table);
  EXPECT_NE(study.table(), table);
  const ProgramEnd old = Program({"export", "runs/toy.old-1"}, study.folder()).wait();
  EXPECT_EQ(old.out, table) << old.err;
}

TEST(Folders, FreshOfOneSeedMovesThatSeedOnly) {
  const ToyStudy study({"limits.trials=2"});
  ASSERT_EQ(study.run(kSeeds).exit_code, 0);
  const auto other = contents(study.run_folder() / "seed-2");
  ASSERT_EQ(study.run(with(kSeeds, {"--fresh", "--only", "toy/seed-1"})).exit_code, 0);
  EXPECT_TRUE(fs::exists(study.run_folder() / "seed-1.old-1/study.sqlite"));
  EXPECT_EQ(changed(other, contents(study.run_folder() / "seed-2")), std::vector<std::string>());
}

TEST(Folders, FileOfSomebodyElseUnderAnOwnNameIsNotOverwritten) {
  const ToyStudy study({"limits.trials=2"});
  fs::create_directories(study.run_folder());
  std::ofstream(study.run_folder() / "experiment.yaml") << "# mine";
  expect_error(study.run({"--quiet"}), 65, "holds experiment.yaml, but its study.sqlite is missing or empty");
  EXPECT_EQ(contents(study.run_folder()), (Contents{{"experiment.yaml", "# mine"}}));
  ASSERT_EQ(study.run({"--quiet", "--fresh"}).exit_code, 0);
  EXPECT_EQ(read_text(study.folder() / "runs/toy.old-1/experiment.yaml"), "# mine");
}

TEST(Folders, FolderMovedAwayUnderALiveRunEndsItAndIsNotMadeAnew) {
  const ToyStudy study({"limits.trials=60", "toy.sleep_ms=10"});
  Program run(study.command({"--quiet"}), study.folder());
  ASSERT_TRUE(run.until([&] { return fs::exists(study.run_folder() / "trials/2"); }));
  fs::rename(study.run_folder(), study.folder() / "runs/elsewhere");
  expect_error(run.wait(), 69, "was removed or replaced while this process used it");
  EXPECT_FALSE(fs::exists(study.run_folder()));
  fs::rename(study.folder() / "runs/elsewhere", study.run_folder());
  EXPECT_EQ(study.run({"--quiet"}).exit_code, 0);
}

TEST(Folders, FolderRemovedUnderALiveRunEndsItAndIsNotMadeAnew) {
  const ToyStudy study({"limits.trials=60", "toy.sleep_ms=10"});
  Program run(study.command({"--quiet"}), study.folder());
  ASSERT_TRUE(run.until([&] { return fs::exists(study.run_folder() / "trials/2"); }));
  std::error_code busy;
  while (fs::exists(study.run_folder())) fs::remove_all(study.run_folder(), busy);
  expect_error(run.wait(), 69, "was removed or replaced while this process used it");
  EXPECT_FALSE(fs::exists(study.run_folder()));
}

TEST(Folders, PageOfAllRunsDoesNotReplaceAFileOfSomebodyElse) {
  const ToyStudy study({"limits.trials=2"});
  fs::create_directories(study.run_folder());
  std::ofstream(study.run_folder() / "index.html") << "<h1>mine</h1>";
  const ProgramEnd end = study.run(kSeeds);
  expect_error(end, 0, "index.html was not written by dsnn-run and stays as it is");
  EXPECT_EQ(read_text(study.run_folder() / "index.html"), "<h1>mine</h1>");
  expect_error(Program({"report", "runs/toy"}, study.folder()).wait(), 73, "was not written by dsnn-run");
  fs::remove(study.run_folder() / "index.html");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Program({"report", "runs/toy"}, study.folder()).wait().exit_code, 0);
}

TEST(Folders, PathThatIsTooLongIsSaidAndNothingIsMade) {
  const ToyStudy study({"limits.trials=2"});
  const std::string longest(240, 'a');
  const std::string out = longest + "/" + longest;
  expect_error(study.run({"--quiet", "--out", out}), 73, "bytes from the root, and SQLite takes at most 504");
  EXPECT_FALSE(fs::exists(study.folder() / longest));
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  fs::create_directories(study.folder() / out);
  fs::copy(study.run_folder(), study.folder() / out / "toy", fs::copy_options::recursive);
  expect_error(Program({"status", out + "/toy"}, study.folder()).wait(), 69, "SQLite takes at most 504");
}

TEST(Folders, OfTheEnvironmentThatAreMissingAreNamed) {
  const ToyStudy study;
  const fs::path missing = study.folder() / "no such folder";
  for (const char* name : {"DSNN_DATA", "DSNN_PLUGIN_PATH", "DSNN_TORCH_DIR", "DSNN_GOLDEN"}) {
    ASSERT_EQ(::setenv(name, missing.c_str(), 1), 0);
    const ProgramEnd end = Program({"list"}, study.folder()).wait();
    ::unsetenv(name);
    expect_error(end, 0, std::string("the environment variable ") + name + " names '" + missing.string() + "'");
  }
  ASSERT_EQ(::setenv("DSNN_PLUGIN_PATH", (study.folder().string() + ":" + missing.string()).c_str(), 1), 0);
  const ProgramEnd one = Program({"list"}, study.folder()).wait();
  ::unsetenv("DSNN_PLUGIN_PATH");
  expect_error(one, 0, "names '" + missing.string() + "'");
  EXPECT_EQ(one.err.find("names '" + study.folder().string() + "'"), std::string::npos) << one.err;
  EXPECT_EQ(Program({"list"}, study.folder()).wait().err, "");
}

TEST(Folders, ResumeLineIsAShellLine) {
  const ToyStudy study({"limits.trials=2"});
  const ProgramEnd end = study.run({"--quiet", "--fresh", "--out", "it's a \"run\" --fresh $HOME"});
  ASSERT_EQ(end.exit_code, 0) << end.err;
  EXPECT_NE(end.out.find("--out 'it'\\''s a \"run\" --fresh $HOME'\n"), std::string::npos) << end.out;
  EXPECT_EQ(end.out.find("--quiet --fresh"), std::string::npos) << end.out;
}

}  // namespace
}  // namespace dsnn::test
