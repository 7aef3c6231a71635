#include "plugin/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "dsnn/error.h"
#include "fixture.h"

namespace dsnn::plugin {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

/// What a catalog of this one fixture says is wrong with it.
std::string problem_of(const std::string& fixture, int exit_code = 65) {
  const Catalog catalog({test::fixture_folder(fixture)});
  const PluginFile& file = test::only_file(catalog);
  EXPECT_EQ(file.exit_code, exit_code);
  EXPECT_TRUE(file.components.empty());
  EXPECT_EQ(std::count(file.problem.begin(), file.problem.end(), '\n'), 0);
  return file.problem;
}

/// A copy of a fixture alone in a folder.
fs::path copied(const std::string& fixture, const fs::path& folder, const std::string& name = "copy.dsnn.so") {
  fs::create_directories(folder);
  fs::copy_file(test::fixture_file(fixture), folder / name);
  fs::permissions(folder / name, fs::perms(0644));
  return folder / name;
}

TEST(Catalog, ReadsManifestsAndOpensNothing) {
  const Catalog catalog({test::fixture_folder("good")});
  const ComponentInfo* evaluator = catalog.find(Kind::evaluator, "fixture.constant");
  ASSERT_NE(evaluator, nullptr);
  EXPECT_EQ(evaluator->plugin->licence, "Apache-2.0");
  EXPECT_TRUE(evaluator->sections.is_list());
  EXPECT_EQ(evaluator->metrics.size(), 2U);
  EXPECT_THAT(test::bytes_of("/proc/self/maps"), ::testing::Not(HasSubstr("good.dsnn.so")));
}

TEST(Catalog, FindsByKindAndName) {
  const Catalog catalog({test::fixture_folder("good"), test::fixture_folder("faults")});
  EXPECT_EQ(catalog.find(Kind::backbone, "fixture.constant"), nullptr);
  const auto backbones = catalog.of(Kind::backbone);
  EXPECT_EQ(backbones.size(), 9U);
  EXPECT_TRUE(std::is_sorted(backbones.begin(), backbones.end(), [](auto* a, auto* b) { return a->name < b->name; }));
}

TEST(Catalog, HasADefaultOnlyWhenOneComponentClaimsIt) {
  const Catalog catalog({fs::path(DSNN_BINARY_DIR) / "plugins"});
  const ComponentInfo* full = catalog.default_of(Kind::fidelity_scheduler);
  ASSERT_NE(full, nullptr);
  EXPECT_EQ(full->name, "full");
  EXPECT_EQ(Catalog({test::fixture_folder("good")}).default_of(Kind::evaluator), nullptr);
}

TEST(Catalog, SkipsMissingFoldersAndLooksIntoEachOnce) {
  const Catalog catalog({"/nowhere/at/all", test::fixture_folder("good"), test::fixture_folder("good") / "."});
  EXPECT_EQ(catalog.folders().size(), 1U);
  EXPECT_EQ(catalog.files().size(), 1U);
}

TEST(Catalog, ExplainsEveryUnusableFileInOneSentence) {
  EXPECT_THAT(problem_of("no_manifest"), EndsWith("no_manifest.dsnn.so has no manifest (ELF section .dsnn_manifest): "
                                                  "it is no dsnn-run plugin, or it lacks DSNN_PLUGIN"));
  EXPECT_THAT(problem_of("wrong_abi"),
              ::testing::MatchesRegex(".*wrong_abi.dsnn.so was built for plugin API 0123456789abcdef; this dsnn-run "
                                      "has plugin API [0-9a-f]+\\. Rebuild it with: cmake .*"));
  EXPECT_THAT(problem_of("other_torch"),
              HasSubstr("was built for LibTorch 1.2.3 and compiler Elbonian 4; this dsnn-run has "));
  EXPECT_THAT(problem_of("bad_schema"),
              HasSubstr("'search' of backbone 'fixture.bad_schema' uses a word the experiment language reserves"));
}

TEST(Catalog, ExplainsAHalfCopiedFile) {
  const test::TemporaryFolder folder;
  const std::string bytes = test::bytes_of(test::fixture_file("good"));
  test::write_bytes(folder.path() / "half.dsnn.so", bytes.substr(0, bytes.size() / 2));
  const Catalog catalog({folder.path()});
  EXPECT_THAT(test::only_file(catalog).problem,
              HasSubstr("half.dsnn.so is cut short: its section table should end at byte"));
  EXPECT_EQ(test::only_file(catalog).exit_code, 65);
}

TEST(Catalog, RefusesAFileThatEveryoneCanWrite) {
  const test::TemporaryFolder folder;
  fs::permissions(copied("good", folder.path()), fs::perms(0666));
  const Catalog catalog({folder.path()});
  EXPECT_THAT(test::only_file(catalog).problem,
              HasSubstr("copy.dsnn.so is refused: the file can be written by everyone; mend it with: chmod o-w "));
  EXPECT_EQ(test::only_file(catalog).exit_code, 77);
  EXPECT_EQ(catalog.find(Kind::evaluator, "fixture.constant"), nullptr);
}

TEST(Catalog, RefusesAFolderThatEveryoneCanWrite) {
  const test::TemporaryFolder folder;
  copied("good", folder.path() / "open");
  fs::permissions(folder.path() / "open", fs::perms(0777));
  const Catalog catalog({folder.path() / "open"});
  EXPECT_THAT(test::only_file(catalog).problem, HasSubstr("its folder "));
  EXPECT_EQ(test::only_file(catalog).exit_code, 77);
}

TEST(Catalog, RefusesAFolderBelowOneThatEveryoneCanWrite) {
  const test::TemporaryFolder folder;
  copied("good", folder.path() / "open" / "plugins");
  fs::permissions(folder.path() / "open", fs::perms(0777));
  const Catalog open({folder.path() / "open" / "plugins"});
  EXPECT_THAT(test::only_file(open).problem,
              HasSubstr("open above it can be written by everyone; mend it with: chmod o-w "));
  EXPECT_EQ(test::only_file(open).exit_code, 77);
  fs::permissions(folder.path() / "open", fs::perms(01777));  // nobody can rename what is not his
  const Catalog sticky({folder.path() / "open" / "plugins"});
  EXPECT_EQ(test::only_file(sticky).problem, "");
}

TEST(Catalog, RefusesAFileOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "Only root can give a file to another user.";
  const test::TemporaryFolder folder;
  ASSERT_EQ(chown(copied("good", folder.path()).c_str(), 12345, 12345), 0);
  const Catalog catalog({folder.path()});
  EXPECT_THAT(test::only_file(catalog).problem,
              HasSubstr("belongs to user 12345, neither to you (user 0) nor to root"));
  EXPECT_EQ(test::only_file(catalog).exit_code, 77);
}

TEST(Catalog, LeavesOutASecondFileWithTheSameComponentAndNamesBoth) {
  const test::TemporaryFolder folder;
  copied("good", folder.path(), "later.dsnn.so");
  const Catalog catalog({test::fixture_folder("good"), folder.path()});
  ASSERT_EQ(catalog.files().size(), 2U);
  EXPECT_EQ(catalog.files()[0]->problem, "");
  EXPECT_THAT(catalog.files()[1]->problem,
              HasSubstr("later.dsnn.so is left out: its evaluator 'fixture.constant' is already in "));
  EXPECT_THAT(catalog.files()[1]->problem, HasSubstr("good.dsnn.so"));
}

TEST(Catalog, KnowsWhatAnUnusableFileWouldHold) {
  const Catalog catalog({test::fixture_folder("wrong_abi")});
  ASSERT_NE(catalog.unusable(Kind::backbone, "fixture.wrong_abi"), nullptr);
  EXPECT_EQ(catalog.unusable(Kind::backbone, "fixture.else"), nullptr);
}

TEST(Catalog, TakesPluginDirsBeforeTheEnvironment) {
  const test::TemporaryFolder first, second;
  setenv("DSNN_PLUGIN_PATH", (":" + second.path().string()).c_str(), 1);
  const auto folders = Catalog::search_path({first.path()});
  unsetenv("DSNN_PLUGIN_PATH");
  ASSERT_GE(folders.size(), 3U);
  EXPECT_EQ(folders[0], first.path());
  EXPECT_EQ(folders[1], second.path());
}

TEST(Catalog, RefusesAMissingPluginDirAndARelativePath) {
  EXPECT_THROW(Catalog::search_path({"/nowhere/at/all"}), PluginError);
  setenv("DSNN_PLUGIN_PATH", "plugins", 1);
  try {
    Catalog::search_path({});
    ADD_FAILURE();
  } catch (const PluginError& e) {
    EXPECT_EQ(e.exit_code(), 77);
    EXPECT_THAT(e.what(), HasSubstr("'plugins', which is no absolute path"));
  }
  unsetenv("DSNN_PLUGIN_PATH");
}

}  // namespace
}  // namespace dsnn::plugin
