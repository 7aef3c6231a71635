#include "execution/run_folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "dsnn/error.h"
#include "support/folder_contents.h"
#include "support/study_run.h"
#include "support/temporary_folder.h"

namespace dsnn::execution {
namespace {

namespace fs = std::filesystem;

TEST(RunFolder, SourceKeepsTheExperimentAndItsParentsAsTheyLieToEachOther) {
  const test::TemporaryFolder folder;
  const plugin::Catalog catalog(test::toy_plugin_folders());
  config::ExperimentSpec spec = test::load_spec(test::toy_experiment(), {}, catalog);
  const auto make = [&](const char* place) {
    const fs::path file = folder.path() / place / "a.yaml";
    fs::create_directories(file.parent_path());
    std::ofstream(file) << place;
    return file;
  };
  spec.source = make("experiment");
  spec.parents = {make("parent"), make("grandparent")};
  const fs::path run = folder.path() / "run";
  make_run_folder(run);
  write_provenance(run, spec, catalog, "dsnn-run run a.yaml");
  EXPECT_EQ(test::read_text(run / "source/experiment/a.yaml"), "experiment");
  EXPECT_EQ(test::read_text(run / "source/parent/a.yaml"), "parent");
  EXPECT_EQ(test::read_text(run / "source/grandparent/a.yaml"), "grandparent");
}

TEST(RunFolder, TheCopyInSourceIsTheSameExperiment) {
  const test::TemporaryFolder folder;
  const plugin::Catalog catalog(test::toy_plugin_folders());
  fs::create_directories(folder.path() / "mine/sub");
  std::ofstream(folder.path() / "base.yaml") << test::toy_experiment();
  std::ofstream(folder.path() / "mine/a.yaml") << "schema: dsnn/1\nname: copied\nextends: ../base.yaml\n";
  config::Diagnostics diagnostics;
  const auto load = [&](const fs::path& file) { return config::load(file, {}, catalog, diagnostics); };
  const auto original = load(folder.path() / "mine/a.yaml");
  ASSERT_EQ(original.size(), 1U) << diagnostics.text();
  const fs::path run = folder.path() / "run";
  make_run_folder(run);
  write_provenance(run, original.front(), catalog, "dsnn-run run a.yaml");
  fs::remove(folder.path() / "base.yaml");
  const auto copy = load(run / "source/mine/a.yaml");
  ASSERT_EQ(copy.size(), 1U) << diagnostics.text();
  EXPECT_EQ(copy.front().digest(), original.front().digest());
}

class Models : public testing::Test {
 protected:
  /// A trial whose checkpoint has this text.
  store::TrialRecord trial(int64_t number, const std::string& text) {
    store::TrialRecord record;
    record.request.number = number;
    record.checkpoint = "trials/" + std::to_string(number);
    fs::create_directories(run_ / record.checkpoint);
    std::ofstream(run_ / record.checkpoint / "checkpoint.json") << text;
    return record;
  }
  void copy(const store::TrialRecord& record) { copy_models(run_, spec_, {record}, {}); }
  std::string best(const char* name) const { return test::read_text(run_ / "models/best" / name); }

  const test::TemporaryFolder folder_;
  const fs::path run_ = folder_.path() / "run";
  const plugin::Catalog catalog_{test::toy_plugin_folders()};
  const config::ExperimentSpec spec_ =
      test::load_spec("schema: dsnn/1\nname: plain\nevaluator: fixture.toy\ntraining: {epochs: 3}\n", {}, catalog_);
};

TEST_F(Models, LaterCopyTakesThePlaceOfTheEarlierAndKeepsForeignFiles) {
  copy(trial(0, "old"));
  std::ofstream(run_ / "models/best/checkpoint.extra") << "of the old one";
  std::ofstream(run_ / "models/best/notes.txt") << "mine";
  copy(trial(1, "new"));
  EXPECT_EQ(best("checkpoint.json"), "new");
  EXPECT_NE(best("trial.json").find("\"trial\":1"), std::string::npos) << best("trial.json");
  EXPECT_EQ(best("notes.txt"), "mine");
  EXPECT_FALSE(fs::exists(run_ / "models/best/checkpoint.extra"));
  EXPECT_EQ(std::distance(fs::directory_iterator(run_ / "models"), {}), 1);
}

TEST_F(Models, CopyThatFailsHalfWayLeavesTheEarlierOneWhole) {
  copy(trial(0, "old"));
  const auto before = test::contents(run_ / "models/best");
  const store::TrialRecord next = trial(1, "new");
  fs::create_directory(run_ / "trials/1/checkpoint.safetensors");  // cannot be read
  EXPECT_THROW(copy(next), ExitError);
  EXPECT_EQ(test::changed(before, test::contents(run_ / "models/best")), std::vector<std::string>());
  fs::remove(run_ / "trials/1/checkpoint.safetensors");
  copy(next);
  EXPECT_EQ(best("checkpoint.json"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(run_ / "models"), {}), 1);
}

}  // namespace
}  // namespace dsnn::execution
