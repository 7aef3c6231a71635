#include "execution/run_folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/study_run.h"
#include "support/temporary_folder.h"

namespace dsnn::execution {
namespace {

namespace fs = std::filesystem;

TEST(RunFolder, SourceKeepsTheExperimentAndEveryParentOfTheSameName) {
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
  EXPECT_EQ(test::read_text(run / "source/a.yaml"), "experiment");
  EXPECT_EQ(test::read_text(run / "source/a-2.yaml"), "parent");
  EXPECT_EQ(test::read_text(run / "source/a-3.yaml"), "grandparent");
}

}  // namespace
}  // namespace dsnn::execution
