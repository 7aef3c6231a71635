#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/study_run.h"

namespace dsnn {
namespace {

std::vector<std::string> shipped_experiments() {
  const std::filesystem::path root = std::filesystem::path(DSNN_SOURCE_DIR) / "experiments";
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".yaml") files.push_back(std::filesystem::relative(entry.path(), root).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class ShippedExperiment : public ::testing::TestWithParam<std::string> {};

TEST_P(ShippedExperiment, RunsTwoBatchesOfEverythingInEveryCell) {
#ifndef DSNN_TEST_WITH_TORCH
  GTEST_SKIP() << "this build has no LibTorch, and every shipped experiment trains";
#endif
  const std::string file = (std::filesystem::path(DSNN_SOURCE_DIR) / "experiments" / GetParam()).string();
  test::Program program({"run", file, "--smoke"}, ::testing::TempDir());
  const test::ProgramEnd end = program.wait();
  const bool no_data = end.exit_code != 0 && (end.err + end.out).find("files were not found") != std::string::npos;
  if (no_data) GTEST_SKIP() << "its data set is not on this machine";
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_NE(end.out.find("smoke"), std::string::npos) << end.out;
}

INSTANTIATE_TEST_SUITE_P(Experiments, ShippedExperiment, ::testing::ValuesIn(shipped_experiments()),
                         [](const auto& test_case) {
                           std::string name = test_case.param;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
                           return name;
                         });

}  // namespace
}  // namespace dsnn
