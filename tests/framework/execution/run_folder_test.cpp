#include "execution/run_folder.h"

#include <gtest/gtest.h>

#include <fstream>

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

}  // namespace
}  // namespace dsnn::execution
