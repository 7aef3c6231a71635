#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "config/spec.h"
#include "plugin/catalog.h"

namespace dsnn::config {

inline const plugin::Catalog& test_catalog() {
  static const plugin::Catalog found(
      {std::filesystem::path(DSNN_BINARY_DIR) / "plugins", std::filesystem::path(DSNN_BINARY_DIR) / "lib"});
  return found;
}

/// Tests of files that use the evaluator `train`, which a build without LibTorch does not have.
class NeedsTrain : public testing::Test {
 protected:
  void SetUp() override {
    if (test_catalog().find(Kind::evaluator, "train") == nullptr)
      GTEST_SKIP() << "this build has no evaluator 'train': it was made without LibTorch";
  }
};

/// Files in a folder of their own, which is removed with this object.
class Files {
 public:
  explicit Files(const std::map<std::string, std::string>& texts) {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("dsnn-config-test-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(folder_);
    for (const auto& [name, text] : texts) std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  ~Files() { std::filesystem::remove_all(folder_); }
  Files(const Files&) = delete;

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  std::vector<ExperimentSpec> load(const std::string& name, const std::vector<std::string>& sets = {}) {
    return config::load(folder_ / name, {.sets = sets}, test_catalog(), diagnostics);
  }

  Diagnostics diagnostics;

 private:
  std::filesystem::path folder_;
};

inline const char* const kHead = "schema: dsnn/1\nname: test\nseed: 7\n";
inline const char* const kNetwork = "dataset: {type: fashion_mnist, validation_fraction: 0.2}\nbackbone: simple_cnn\n";
inline const char* const kGoals =
    "objectives:\n  - {name: error, metric: validation.error, goal: minimize}\nlimits: {trials: 10}\n";

/// The specs of one file `text`; the messages must be empty of errors.
inline std::vector<ExperimentSpec> load_text(const std::string& text, const std::vector<std::string>& sets = {}) {
  Files files({{"test.yaml", text}});
  auto specs = files.load("test.yaml", sets);
  if (files.diagnostics.has_errors()) throw std::runtime_error(files.diagnostics.text());
  return specs;
}

/// The only spec of `kHead + kNetwork + text`.
inline ExperimentSpec load_one(const std::string& text, const std::vector<std::string>& sets = {}) {
  auto specs = load_text(std::string(kHead) + kNetwork + text, sets);
  return std::move(specs.at(0));
}

/// The value at a dotted path of a resolved experiment.
inline const Value& at_path(const Value& tree, const std::string& path) {
  const Value* at = &tree;
  size_t from = 0;
  while (from <= path.size()) {
    const size_t to = std::min(path.find('.', from), path.size());
    at = &at->at(path.substr(from, to - from));
    from = to + 1;
  }
  return *at;
}

inline Value resolved_default(const ExperimentSpec& spec) { return spec.resolve(spec.space.default_configuration()); }

}  // namespace dsnn::config
