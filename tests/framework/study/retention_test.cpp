#include "study/retention.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.h"

namespace dsnn::study {
namespace {

namespace fs = std::filesystem;

class RetentionTest : public testing::Test {
 protected:
  RetentionTest() : store_(store::open_sqlite(folder_.path() / "study.sqlite", store::Open::create)) {
    store_->create_study({.name = "r"}, {});
    for (int64_t i = 0; i < 3; ++i) {
      const std::string trial = "trials/" + std::to_string(i);
      fs::create_directories(folder_.path() / trial);
      std::ofstream(folder_.path() / trial / "checkpoint.json") << "{}";
      std::ofstream(folder_.path() / trial / "log.txt") << "kept";
      store::TrialRecord record;
      record.request.number = record.request.root = i;
      record.state = TrialState::complete;
      record.checkpoint = trial;
      store_->add_trial(record.request, "");
      records_.push_back(record);
    }
    records_[2].request.parent = 1;
  }

  void sweep(const std::string& keep, const std::vector<int64_t>& front, int64_t needed) {
    Retention retention(folder_.path(), keep, *store_);
    for (const store::TrialRecord& record : records_) retention.add(record);
    retention.sweep(records_, front, [&](int64_t n) { return n == needed; });
  }

  std::string left() const {
    std::string out;
    for (int i = 0; i < 3; ++i)
      out += fs::exists(folder_.path() / "trials" / std::to_string(i) / "checkpoint.json") ? std::to_string(i) : "";
    return out;
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<store::Store> store_;
  std::vector<store::TrialRecord> records_;
};

TEST_F(RetentionTest, FrontKeepsTheFrontAndWhatIsNeeded) {
  sweep("front", {0}, 1);
  EXPECT_EQ(left(), "01");
  EXPECT_TRUE(store_->artifacts(2).empty());
  EXPECT_EQ(store_->artifacts(0).size(), 1u);
  EXPECT_EQ(records_[2].checkpoint, "");
  EXPECT_TRUE(fs::exists(folder_.path() / "trials/2/log.txt"));
}

TEST_F(RetentionTest, AFinishedTrialNeedsItsLastGenerationOnly) {
  std::ofstream(folder_.path() / "trials/0/checkpoint.previous.json") << "{}";
  sweep("all", {}, -1);
  EXPECT_FALSE(fs::exists(folder_.path() / "trials/0/checkpoint.previous.json"));
  EXPECT_EQ(store_->artifacts(0).size(), 1u);
}

TEST_F(RetentionTest, AllKeepsEverything) {
  sweep("all", {}, -1);
  EXPECT_EQ(left(), "012");
}

TEST_F(RetentionTest, LastDropsWhatWasContinued) {
  sweep("last", {}, -1);
  EXPECT_EQ(left(), "02");
}

TEST_F(RetentionTest, NoneKeepsWhatIsNeededOnly) {
  sweep("none", {0}, 2);
  EXPECT_EQ(left(), "2");
}

}  // namespace
}  // namespace dsnn::study
