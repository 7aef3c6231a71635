// What `run` knows of real training before its first trial.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/idx_files.h"
#include "support/study_run.h"
#include "support/temporary_folder.h"

namespace dsnn::test {
namespace {

namespace fs = std::filesystem;

class RunChecks : public testing::Test {
 protected:
  void SetUp() override {
#ifndef DSNN_TEST_WITH_TORCH
    GTEST_SKIP() << "this build has no LibTorch, and these experiments train";
#endif
    fs::create_directory(folder_.path() / "data");
    write_digits(folder_.path() / "data", 200, 50);
  }

  /// `more` follows six lines.
  ProgramEnd run(const std::string& more) const {
    std::ofstream(folder_.path() / "e.yaml") << "schema: dsnn/1\n"
                                                "name: digits\n"
                                                "dataset: {type: mnist, root: data, validation_fraction: 0.2}\n"
                                                "backbone: {type: simple_linear, hidden: [8]}\n"
                                                "training: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}\n"
                                                "execution: {workers: 1, deterministic: true, device: cpu}\n"
                                             << more;
    return Program({"run", "e.yaml"}, folder_.path()).wait();
  }
  bool something_ran() const { return fs::exists(folder_.path() / "runs"); }

  TemporaryFolder folder_;
};

TEST_F(RunChecks, TheLogOfARunSaysOnceHowManyImagesItsPartsHave) {
  const ProgramEnd end = run("evaluation: {every: 50}\nseed: [1, 2]\n");
  ASSERT_EQ(end.exit_code, 0) << end.err;
  for (const char* run : {"seed-1", "seed-2"}) {
    const std::string log = read_text(folder_.path() / "runs/digits" / run / "log.txt");
    const std::string line = "train 160, validation 40, test 50 images";
    const size_t at = log.find(line);
    ASSERT_NE(at, std::string::npos) << log;
    EXPECT_EQ(log.find(line, at + 1), std::string::npos) << log;
  }
}

TEST_F(RunChecks, MistakesOfAllCellsAreToldTogetherAndNothingRuns) {
  const ProgramEnd end =
      run("matrix:\n"
          "  arithmetic:\n"
          "    plain: {operator: float}\n"
          "    none: {operator: {type: deepshift, fixed_point: {integer: 0, fraction: 0}}}\n"
          "    deep: {operator: {type: deepshift, depth: 7}}\n");
  EXPECT_EQ(end.exit_code, 65);
  EXPECT_EQ(end.err,
            "e.yaml:10:53: error: a fixed-point format needs at least one bit, got 0.0 (cell none)\n"
            "   10 |     none: {operator: {type: deepshift, fixed_point: {integer: 0, fraction: 0}}}\n"
            "      |                                                     ^~~~~~~~\n"
            "e.yaml:11:47: error: 'depth' is 7, but this network has 2 layers to convert (cell deep)\n"
            "   11 |     deep: {operator: {type: deepshift, depth: 7}}\n"
            "      |                                               ^ use 'all' or at most 2\n"
            "2 errors in 1 file; nothing was run.\n");
  EXPECT_FALSE(something_ran());
}

TEST_F(RunChecks, ASplitThatLeavesNoImageIsRefusedWithTheNumbers) {
  const ProgramEnd end =
      run("objectives: [{name: e, metric: validation.error, goal: minimize}]\n"
          "matrix:\n"
          "  dataset.validation_fraction: [0.1, 0.999]\n");
  EXPECT_EQ(end.exit_code, 65);
  EXPECT_NE(
      end.err.find("e.yaml:9:38: error: no image is left to train on: dataset.validation_fraction 0.999 takes all "
                   "200 (train 0, validation 200, test 50 images) (cell 0.999)"),
      std::string::npos)
      << end.err;
  EXPECT_FALSE(something_ran());
}

}  // namespace
}  // namespace dsnn::test
