#include "nn/checkpoint.h"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "dsnn/error.h"
#include "dsnn/graph_builder.h"

namespace dsnn::nn {
namespace {

namespace fs = std::filesystem;

class CheckpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / ("dsnn-checkpoint-" + std::to_string(::getpid()) + "-" + test->name());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static Checkpoint make(double value) {
    GraphBuilder net({1, 2, 2});
    Checkpoint out;
    out.graph = net.finish(net.linear(net.flatten(0), "fc", 2, {}));
    out.model["fc.weight"] = at::full({2, 4}, value);
    out.model["fc.bias"] = at::full({2}, -value);
    out.optimizer["fc.weight.momentum"] = at::full({2, 4}, value / 2);
    out.optimizer["step"] = at::full({}, 3, at::kLong);
    out.progress.set("epoch", static_cast<int64_t>(value));
    return out;
  }
  double loaded() const { return load_checkpoint(folder_)->model.at("fc.weight").mean().item<double>(); }
  void damage(const std::string& name) const {
    std::fstream file(folder_ / name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-2, std::ios::end);
    file.put('\x55');
  }

  fs::path folder_;
};

TEST_F(CheckpointTest, ReadsBackGraphTensorsAndProgress) {
  const Checkpoint saved = make(1.5);
  save_checkpoint(folder_, saved);
  const auto found = load_checkpoint(folder_);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->graph.digest(), saved.graph.digest());
  EXPECT_EQ(found->model.size(), 2u);
  EXPECT_TRUE(found->model.at("fc.bias").equal(saved.model.at("fc.bias")));
  EXPECT_TRUE(found->optimizer.at("fc.weight.momentum").equal(saved.optimizer.at("fc.weight.momentum")));
  EXPECT_EQ(found->optimizer.at("step").item<int64_t>(), 3);
  EXPECT_EQ(found->progress.at("epoch").integer(), 1);
}

TEST_F(CheckpointTest, IsAbsentWhereNothingWasSaved) { EXPECT_FALSE(load_checkpoint(folder_).has_value()); }

TEST_F(CheckpointTest, FallsBackToTheGenerationBefore) {
  save_checkpoint(folder_, make(1));
  save_checkpoint(folder_, make(2));
  EXPECT_EQ(loaded(), 2);
  damage("checkpoint.safetensors");
  EXPECT_EQ(loaded(), 1);
}

TEST_F(CheckpointTest, SurvivesAKillAtEveryStepOfSaving) {
  save_checkpoint(folder_, make(1));
  save_checkpoint(folder_, make(2));
  // As save_checkpoint leaves things between its renames and writes.
  fs::rename(folder_ / "checkpoint.safetensors", folder_ / "checkpoint.previous.safetensors");
  EXPECT_EQ(loaded(), 2);
  fs::rename(folder_ / "checkpoint.json", folder_ / "checkpoint.previous.json");
  EXPECT_EQ(loaded(), 2);
  std::ofstream(folder_ / "checkpoint.safetensors") << "tensors of a generation without JSON";
  EXPECT_EQ(loaded(), 2);
  save_checkpoint(folder_, make(3));
  EXPECT_EQ(loaded(), 3);
}

TEST_F(CheckpointTest, ATornGenerationDoesNotPushOutTheIntactOne) {
  save_checkpoint(folder_, make(1));
  save_checkpoint(folder_, make(2));
  fs::resize_file(folder_ / "checkpoint.safetensors", 20);
  save_checkpoint(folder_, make(3));
  damage("checkpoint.safetensors");
  EXPECT_EQ(loaded(), 1);
}

TEST_F(CheckpointTest, SaysWhenNoGenerationIsIntact) {
  save_checkpoint(folder_, make(1));
  damage("checkpoint.safetensors");
  EXPECT_THROW(load_checkpoint(folder_), ConfigError);
}

TEST_F(CheckpointTest, RefusesANewerVersionWithItsExitCode) {
  save_checkpoint(folder_, make(1));
  std::ofstream(folder_ / "checkpoint.json") << R"({"checkpoint": 99})";
  try {
    load_checkpoint(folder_);
    FAIL() << "version 99 was read";
  } catch (const ConfigError& e) {
    EXPECT_EQ(e.exit_code(), 78);
  }
}

TEST_F(CheckpointTest, NamesTheFileThatIsNoSafetensors) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "w.safetensors") << "nothing of the kind";
  try {
    load_safetensors(folder_ / "w.safetensors");
    FAIL() << "garbage was read";
  } catch (const ConfigError& e) {
    EXPECT_EQ(e.diagnostics().front().where.file, (folder_ / "w.safetensors").string());
  }
  EXPECT_THROW(load_safetensors(folder_ / "missing.safetensors"), ConfigError);
}

}  // namespace
}  // namespace dsnn::nn
