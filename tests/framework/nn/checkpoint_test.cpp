#include "nn/checkpoint.h"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "dsnn/error.h"
#include "dsnn/graph_builder.h"
#include "store/file.h"

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
    out.model.graph = net.finish(net.linear(net.flatten(0), "fc", 2, {}));
    out.model.tensors["fc.weight"] = at::full({2, 4}, value);
    out.model.tensors["fc.bias"] = at::full({2}, -value);
    out.optimizer["fc.weight.momentum"] = at::full({2, 4}, value / 2);
    out.optimizer["step"] = at::full({}, 3, at::kLong);
    out.progress.set("epoch", static_cast<int64_t>(value));
    return out;
  }
  double loaded() const { return load_checkpoint(folder_)->model.tensors.at("fc.weight").mean().item<double>(); }
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
  EXPECT_EQ(found->model.graph.digest(), saved.model.graph.digest());
  EXPECT_EQ(found->model.tensors.size(), 2u);
  EXPECT_TRUE(found->model.tensors.at("fc.bias").equal(saved.model.tensors.at("fc.bias")));
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

TEST_F(CheckpointTest, AnyFlippedBitOfTheJsonFallsBackToTheGenerationBefore) {
  save_checkpoint(folder_, make(1));
  save_checkpoint(folder_, make(2));
  const fs::path json = folder_ / "checkpoint.json";
  const std::string good = store::read_file(json);
  for (size_t byte = 0; byte < good.size(); ++byte) {
    std::string bad = good;
    bad[byte] = static_cast<char>(bad[byte] ^ (1 << (byte % 7)));
    std::ofstream(json, std::ios::binary) << bad;
    ASSERT_EQ(loaded(), 1) << "bit " << byte % 7 << " of byte " << byte;
  }
  for (const size_t length : {size_t{0}, size_t{1}, size_t{40}, size_t{77}, good.size() / 2, good.size() - 1}) {
    std::ofstream(json, std::ios::binary) << good.substr(0, length);
    ASSERT_EQ(loaded(), 1) << "cut to " << length << " bytes";
  }
}

TEST_F(CheckpointTest, BeginsWithTheSha256OfAllThatFollows) {
  save_checkpoint(folder_, make(1));
  const std::string text = store::read_file(folder_ / "checkpoint.json");
  ASSERT_EQ(text.substr(0, 11), "{\"sha256\":\"");
  EXPECT_EQ(text.substr(75, 2), "\",");
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(text.substr(11, 64), store::sha256_hex(text.substr(77, text.size() - 78)));
  EXPECT_EQ(parse_json(text).at("checkpoint").integer(), 2);
}

TEST_F(CheckpointTest, WhatTheReaderRefusesIsDamageLikeAnyOther) {
  save_checkpoint(folder_, make(1));
  save_checkpoint(folder_, make(2));
  const auto found = load_checkpoint(folder_, [](const Checkpoint& checkpoint) {
    if (checkpoint.progress.at("epoch").integer() == 2) throw std::invalid_argument("no history");
  });
  EXPECT_EQ(found->model.tensors.at("fc.weight").mean().item<double>(), 1);
}

TEST_F(CheckpointTest, ReadsVersion1WhichHadNoSha256OfItsOwn) {
  save_checkpoint(folder_, make(1));
  const fs::path json = folder_ / "checkpoint.json";
  std::string text = "{" + store::read_file(json).substr(77);
  text.replace(text.find("\"checkpoint\":2"), 14, "\"checkpoint\":1");
  std::ofstream(json, std::ios::binary) << text;
  EXPECT_EQ(loaded(), 1);
}

TEST_F(CheckpointTest, RefusesANewerVersionWithItsExitCode) {
  save_checkpoint(folder_, make(1));
  const std::string body = "\"checkpoint\":99}";
  std::ofstream(folder_ / "checkpoint.json") << "{\"sha256\":\"" << store::sha256_hex(body) << "\"," << body << "\n";
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
