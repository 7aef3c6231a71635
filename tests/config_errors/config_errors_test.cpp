// Every folder beside this file is one mistake a user can make: bad.yaml must be refused with exactly the text and the
// exit code of expected.txt. sets.txt holds --set options; generate.txt stands for a file too large to keep.
// DSNN_UPDATE_EXPECTED=1 writes expected.txt anew.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <unistd.h>

#include <gtest/gtest.h>

#include "config/spec.h"
#include "plugin/catalog.h"

namespace dsnn::config {
namespace {

namespace fs = std::filesystem;

const fs::path kCases = fs::path(DSNN_SOURCE_DIR) / "tests" / "config_errors";

const plugin::Catalog& catalog() {
  static const plugin::Catalog found({fs::path(DSNN_BINARY_DIR) / "plugins", fs::path(DSNN_BINARY_DIR) / "lib"});
  return found;
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kCases)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Which plugins exist, and where, is no part of the promise.
std::string normalised(const std::string& text) {
  static const std::regex searched(R"(\(searched: [^)]*\))");
  return std::regex_replace(text, searched, "(searched: ...)");
}

std::string generated(const fs::path& recipe) {
  std::ifstream in(recipe);
  std::string what;
  size_t size = 0;
  in >> what >> size;
  std::string text = "schema: dsnn/1\nname: bad\n";
  if (what == "scalar") return text + "backbone: " + std::string(size, 'x') + "\n";
  text += "dataset: [";
  for (size_t i = 0; i < size; ++i) text += i == 0 ? "1" : ",1";
  return text + "]\n";
}

class ConfigErrors : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    before_ = fs::current_path();
    folder_ = kCases / GetParam();
    fs::current_path(folder_);  // so that messages name plain "bad.yaml"
  }
  void TearDown() override {
    fs::current_path(before_);
    if (!scratch_.empty()) fs::remove_all(scratch_);
  }

  std::string outcome() {
    if (fs::exists("generate.txt")) {
      const std::string text = generated("generate.txt");
      scratch_ = fs::temp_directory_path() / ("dsnn-config-error-" + GetParam() + "-" + std::to_string(getpid()));
      fs::create_directories(scratch_);
      fs::current_path(scratch_);
      std::ofstream("bad.yaml", std::ios::binary) << text;
    }
    LoadOptions options;
    std::ifstream sets(folder_ / "sets.txt");
    for (std::string line; std::getline(sets, line);) options.sets.push_back(line);
    Diagnostics diagnostics;
    const auto specs = load("bad.yaml", options, catalog(), diagnostics);
    EXPECT_TRUE(specs.empty()) << "a bad file gives nothing to run";
    EXPECT_TRUE(diagnostics.has_errors());
    return normalised(diagnostics.text()) + "exit " + std::to_string(diagnostics.exit_code()) + "\n";
  }

  fs::path folder_;

 private:
  fs::path before_, scratch_;
};

TEST_P(ConfigErrors, SaysExactlyThis) {
  const std::string text = outcome();
  if (std::getenv("DSNN_UPDATE_EXPECTED") != nullptr) {
    std::ofstream(folder_ / "expected.txt", std::ios::binary) << text;
    return;
  }
  if (catalog().find(Kind::evaluator, "train") == nullptr)
    GTEST_SKIP() << "read, but not compared: this build has no evaluator 'train', it was made without LibTorch";
  EXPECT_EQ(text, read(folder_ / "expected.txt"));
}

INSTANTIATE_TEST_SUITE_P(Corpus, ConfigErrors, testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param; });

TEST(ConfigErrorCorpus, HoldsTheCasesItMust) { EXPECT_GE(cases().size(), 45U); }

}  // namespace
}  // namespace dsnn::config
