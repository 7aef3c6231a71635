// The frame of the command line: verbs about plugins and the machine, usage errors and exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "dsnn/value.h"
#include "plugin/catalog.h"
#include "support/study_run.h"

namespace dsnn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
namespace fs = std::filesystem;

const fs::path kBuild = DSNN_BINARY_DIR;

/// A folder that goes with the test.
class Cli : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "dsnn-cli-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(folder_); }

  test::ProgramEnd run(const std::vector<std::string>& arguments) const {
    return test::Program(arguments, folder_).wait();
  }

  /// The exit code of a shell line in the folder.
  int shell(const std::string& line) const {
    const int status = std::system(("cd '" + folder_.string() + "' && { " + line + "; } >shell.txt 2>&1").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  fs::path folder_;
};

std::string fixture(const std::string& name) { return (kBuild / "tests/fixtures" / name).string(); }

/// One line that starts as all our errors do.
void expect_one_sentence(const test::ProgramEnd& end, int exit_code, const std::string& part) {
  EXPECT_EQ(end.exit_code, exit_code) << end.err;
  EXPECT_EQ(end.signal, 0);
  EXPECT_THAT(end.err, AllOf(StartsWith("dsnn-run: error: "), HasSubstr(part)));
  EXPECT_EQ(std::count(end.err.begin(), end.err.end(), '\n'), 1) << end.err;
  EXPECT_EQ(end.out, "");
}

TEST_F(Cli, WithoutAVerbIsAUsageErrorWithTheHelp) {
  const auto end = run({});
  EXPECT_EQ(end.exit_code, 2);
  EXPECT_THAT(end.err, HasSubstr("Verbs:"));
  EXPECT_EQ(end.out, "");
}

TEST_F(Cli, HelpIsThereAtEveryLevelWithAnExample) {
  const auto general = run({"--help"});
  EXPECT_EQ(general.exit_code, 0);
  for (const char* verb : {"run", "validate", "plan", "list", "describe", "status", "show", "pareto", "report",
                           "export", "doctor", "schema", "init", "completion", "worker"}) {
    EXPECT_THAT(general.out, HasSubstr("\n  " + std::string(verb) + " ")) << verb;
    const auto end = run({verb, "--help"});
    EXPECT_EQ(end.exit_code, 0) << verb;
    EXPECT_THAT(end.out,
                AllOf(StartsWith("dsnn-run " + std::string(verb)), HasSubstr("\nExample: "), HasSubstr("--plugin-dir")))
        << verb;
  }
}

TEST_F(Cli, SaysItsVersion) {
  const auto end = run({"--version"});
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_THAT(end.out, ::testing::MatchesRegex("dsnn-run [0-9]+\\.[0-9]+\\.[0-9]+ \\(language dsnn/1\\)\n"));
}

TEST_F(Cli, AsksBackAboutMisspeltVerbsAndOptions) {
  expect_one_sentence(run({"lst"}), 2, "unknown verb 'lst'; did you mean 'list'?");
  expect_one_sentence(run({"qwertyuiop"}), 2, "unknown verb 'qwertyuiop'; see: dsnn-run --help");
  expect_one_sentence(run({"doctor", "--stroe", "x"}), 2,
                      "unknown option '--stroe' of 'doctor'; did you mean '--store'?");
  expect_one_sentence(run({"list", "--plugin-dri", "x"}), 2, "did you mean '--plugin-dir'?");
  expect_one_sentence(run({"--quite"}), 2, "unknown option '--quite'; did you mean '--quiet'?");
}

TEST_F(Cli, NeverAbbreviatesAnOption) {
  expect_one_sentence(run({"doctor", "--stor", "x"}), 2, "unknown option '--stor' of 'doctor'");
}

TEST_F(Cli, CountsTheWords) {
  expect_one_sentence(run({"describe", "operator"}), 2, "'describe' needs more words: dsnn-run describe KIND NAME");
  expect_one_sentence(run({"list", "backbone", "more"}), 2, "'more' is one word too many: dsnn-run list [KIND]");
  expect_one_sentence(run({"doctor", "--store"}), 2, "--store");
  expect_one_sentence(run({"list", "--plugin-dir"}), 2, "option '--plugin-dir' needs a folder");
}

TEST_F(Cli, SaysWhichVerbsComeLater) {
  for (const char* verb : {"rerun", "compare", "evaluate", "predict", "convert", "cost", "decompose", "ask", "tell",
                           "bench", "clean", "submit"}) {
    expect_one_sentence(run({verb, "x"}), 2, "this build does not have '" + std::string(verb) + "' yet");
  }
}

TEST_F(Cli, ListsByKind) {
  const auto end = run({"list", "fidelity_schedulers"});
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_THAT(end.out, AllOf(StartsWith("fidelity_scheduler\n"), HasSubstr("full *"),
                             HasSubstr("Every trial at the full budget"), Not(HasSubstr("backbone"))));
  expect_one_sentence(run({"list", "oprator"}), 2, "no kind 'oprator'; did you mean 'operator'?");
}

TEST_F(Cli, TakesGlobalOptionsBeforeAndAfterTheVerb) {
  const std::string folder = fixture("good");
  EXPECT_THAT(run({"list", "backbone", "--plugin-dir", folder}).out, HasSubstr("fixture.tiny"));
  EXPECT_THAT(run({"--plugin-dir=" + folder, "list", "backbone"}).out, HasSubstr("fixture.tiny"));
}

TEST_F(Cli, WarnsOnceAboutEachUnusableFileAndGoesOn) {
  for (const char* name : {"wrong_abi", "other_torch", "bad_schema", "no_manifest"}) {
    const auto end = run({"list", "backbone", "--plugin-dir", fixture(name)});
    EXPECT_EQ(end.exit_code, 0) << name;
    const size_t at = end.err.find("warning: " + fixture(name));
    ASSERT_NE(at, std::string::npos) << end.err;
    EXPECT_THAT(end.err.substr(at + 10), Not(HasSubstr(fixture(name)))) << "more than one sentence";
  }
}

TEST_F(Cli, DescribesEveryKeyOfAComponent) {
  const auto end = run({"describe", "evaluator", "fixture.constant", "--plugin-dir", fixture("good")});
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_THAT(end.out, AllOf(StartsWith("evaluator 'fixture.constant': Returns a value of the experiment\n"),
                             HasSubstr("good 1.0.0, Apache-2.0"), HasSubstr("problem.value  float  0.5      [0, 1]"),
                             HasSubstr("validation.seconds  s     lower   after training, measured")));
  expect_one_sentence(run({"describe", "fidelity_scheduler", "ful"}), 65,
                      "no fidelity_scheduler 'ful'; did you mean 'full'? (searched: ");
}

TEST_F(Cli, RefusesAComponentOfAnUnusableFileWithItsSentence) {
  expect_one_sentence(run({"describe", "backbone", "fixture.wrong_abi", "--plugin-dir", fixture("wrong_abi")}), 65,
                      "was built for plugin API 0123456789abcdef; this dsnn-run has plugin API ");
  fs::copy_file(fs::path(fixture("good")) / "good.dsnn.so", folder_ / "good.dsnn.so");
  fs::permissions(folder_ / "good.dsnn.so", fs::perms(0666));
  expect_one_sentence(run({"describe", "backbone", "fixture.tiny", "--plugin-dir", folder_.string()}), 77,
                      "can be written by everyone");
  expect_one_sentence(run({"list", "--plugin-dir", "/nowhere/at/all"}), 65,
                      "--plugin-dir /nowhere/at/all is no folder");
}

TEST_F(Cli, GivesAnExperimentThatNamesARefusedPluginTheSameExitCode) {
  fs::copy_file(fs::path(fixture("good")) / "good.dsnn.so", folder_ / "good.dsnn.so");
  fs::permissions(folder_ / "good.dsnn.so", fs::perms(0666));
  const std::string file = write("a.yaml", "schema: dsnn/1\nname: a\nevaluator: fixture.constant\n");
  for (const char* verb : {"validate", "run"}) {
    const auto end = run({verb, file, "--plugin-dir", folder_.string()});
    EXPECT_EQ(end.exit_code, 77) << end.err;
    EXPECT_THAT(end.err, HasSubstr("a.yaml:3:12: error: evaluator 'fixture.constant' cannot be used: "));
  }
  const auto wrong = run({"validate", write("b.yaml", "schema: dsnn/1\nname: b\nevaluator: fixture.gone\n"),
                          "--plugin-dir", folder_.string()});
  EXPECT_EQ(wrong.exit_code, 65);
}

TEST_F(Cli, ReportsAFullDisk) {
  const int code = shell("'" + (kBuild / "bin/dsnn-run").string() + "' list >/dev/full");
  EXPECT_EQ(code, 74);
}

TEST_F(Cli, DoctorTellsWhatIsHere) {
  const auto end = run({"doctor", "--plugin-dir", fixture("throwing")});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  for (const char* word : {"program\n", "machine\n", "energy counters\n", "plugins\n", "data sets\n", "SQLite 3.",
                           "vectors", "this machine lacks a fixture"}) {
    EXPECT_THAT(end.out, HasSubstr(word));
  }
}

TEST_F(Cli, DoctorChecksAStore) {
  expect_one_sentence(run({"doctor", "--store", folder_.string()}), 65, "holds no study.sqlite");
  write("study.sqlite", std::string(8192, 'x'));
  EXPECT_EQ(run({"doctor", "--store", folder_.string()}).exit_code, 74);
}

TEST_F(Cli, CompletionIsAWorkingBashScript) {
  const auto end = run({"completion", "bash"});
  EXPECT_EQ(end.exit_code, 0);
  write("complete.sh", end.out +
                           "COMP_WORDS=(dsnn-run val); COMP_CWORD=1; _dsnn_run; echo \"${COMPREPLY[*]}\"\n"
                           "COMP_WORDS=(dsnn-run doctor --st); COMP_CWORD=2; _dsnn_run; echo \"${COMPREPLY[*]}\"\n");
  EXPECT_EQ(shell("bash complete.sh"), 0);
  EXPECT_EQ(test::read_text(folder_ / "shell.txt"), "validate\n--strict --store\n");
  expect_one_sentence(run({"completion", "zsh"}), 2, "no completion for zsh yet");
}

TEST_F(Cli, SchemaKnowsEveryComponentFound) {
  const auto end = run({"schema", "--plugin-dir", fixture("good")});
  EXPECT_EQ(end.exit_code, 0);
  const Value schema = parse_json(end.out);
  EXPECT_EQ(schema.at("$schema").string(), "http://json-schema.org/draft-07/schema#");
  EXPECT_NE(schema.at("properties").find("problem"), nullptr);
  EXPECT_NE(schema.at("properties").find("limits"), nullptr);
  const Value& backbones = schema.at("definitions").at("component.backbone").at("anyOf");
  EXPECT_THAT(to_json(backbones.items().front()), HasSubstr("fixture.tiny"));
}

TEST_F(Cli, TheSchemaForEditorsIsFresh) {
  if (plugin::own_build_info().torch == "none")
    GTEST_SKIP() << "The shipped schema holds the plugins that need LibTorch; this build has none.";
  const auto end = run({"schema"});
  EXPECT_TRUE(end.out == test::read_text(fs::path(DSNN_SOURCE_DIR) / "schemas/experiment.schema.json"))
      << "schemas/experiment.schema.json is stale; write it anew with: build/bin/dsnn-run schema > "
         "schemas/experiment.schema.json";
}

TEST_F(Cli, InitWritesAFileThatValidates) {
  if (plugin::own_build_info().torch == "none")
    GTEST_SKIP() << "The starter file trains, and this build has no LibTorch.";
  const auto starter = run({"init"});
  EXPECT_EQ(starter.exit_code, 0);
  const auto end = run({"validate", write("starter.yaml", starter.out)});
  EXPECT_EQ(end.exit_code, 0) << end.err;
}

TEST_F(Cli, InitWritesTheSectionOfAKind) {
  const auto end = run({"init", "backbone", "fixture.tiny", "--plugin-dir", fixture("good")});
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_THAT(end.out, HasSubstr("backbone:\n  type: fixture.tiny\n"));
}

TEST_F(Cli, InitWritesSectionsThatStandWhereTheyBelong) {
  if (plugin::own_build_info().torch == "none") GTEST_SKIP() << "Most kinds train, and this build has no LibTorch.";
  write("base.yaml", "schema: dsnn/1\ndataset: {type: fashion_mnist}\nbackbone: simple_cnn\n");
  for (const char* kind : {"task", "dataset", "transform", "backbone", "operator", "optimizer", "schedule", "loss",
                           "meter", "cost_model", "evaluator"}) {
    SCOPED_TRACE(kind);
    const auto section = run({"init", kind});
    ASSERT_EQ(section.exit_code, 0) << section.err;
    write("leaf.yaml", "schema: dsnn/1\nextends: base.yaml\nname: leaf\n" + section.out);
    const auto valid = run({"validate", "leaf.yaml"});
    EXPECT_EQ(valid.exit_code, 0) << section.out << valid.err;
  }
}

TEST_F(Cli, AnUnknownCountryIsFoundBeforeAnythingRuns) {
  if (plugin::own_build_info().torch == "none") GTEST_SKIP() << "The file trains, and this build has no LibTorch.";
  write("a.yaml", "schema: dsnn/1\nname: a\ndataset: fashion_mnist\nbackbone: simple_cnn\nmeters: {country: XXX}\n");
  for (const char* verb : {"validate", "plan", "run"}) {
    const auto end = run({verb, "a.yaml"});
    EXPECT_EQ(end.exit_code, 65);
    EXPECT_THAT(end.err, HasSubstr("a.yaml:5:19: error: unknown country 'XXX'; expected an ISO 3166 code")) << verb;
  }
  EXPECT_FALSE(fs::exists(folder_ / "runs"));
}

TEST_F(Cli, PlanWritesConditionsOverLongRangesInFewWords) {
  if (plugin::own_build_info().torch == "none") GTEST_SKIP() << "The file trains, and this build has no LibTorch.";
  const std::string yaml =
      "schema: dsnn/1\nname: long\nseed: 1\ndataset: fashion_mnist\nbackbone: simple_cnn\n"
      "operator: {type: deepshift, weight_bits: {search: {int: [2, 5]}}, depth: {search: {int: [0, 1000000000]}}}\n"
      "training:\n  optimizer:\n    lr: {search: {choice: [0.1, 0.2]}}\n"
      "    search: {choice: [{type: sgd, lr: 0.5}, adam, adamw, radam, ranger]}\n"
      "objectives: [{name: error, metric: validation.error, goal: minimize}]\nlimits: {trials: 3}\n";
  const auto end = run({"plan", write("long.yaml", yaml)});
  ASSERT_EQ(end.exit_code, 0) << end.err;
  EXPECT_NE(end.out.find("when operator.depth is not 0\n"), std::string::npos) << end.out;
  EXPECT_NE(end.out.find("when training.optimizer is not sgd\n"), std::string::npos) << end.out;
  EXPECT_NE(end.out.find("space: 3.6e+10 configurations\n"), std::string::npos) << end.out;
}

TEST_F(Cli, OneUnreadableStoreHidesNoOtherRun) {
  fs::create_directories(folder_ / "runs/broken");
  write("runs/broken/study.sqlite", std::string(5000, 'x'));
  const auto end = run({"status", "runs"});
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_THAT(end.out, HasSubstr("runs/broken cannot be read: "));
}

TEST_F(Cli, APluginOutsideTheTreeBuildsAndIsFound) {
  const std::string source = std::string(DSNN_SOURCE_DIR) + "/tools/plugin-template";
  ASSERT_EQ(shell("cmake -S '" + source + "' -B acme -DDSNN_DIR='" + kBuild.string() + "' && cmake --build acme"), 0)
      << test::read_text(folder_ / "shell.txt");
  const std::string plugins = (folder_ / "acme/plugins").string();
  const auto list = run({"list", "acquisition", "--plugin-dir", plugins});
  EXPECT_THAT(list.out, HasSubstr("acme.mutate"));
  EXPECT_THAT(list.err, Not(HasSubstr("acme")));
  EXPECT_THAT(run({"describe", "acquisition", "acme.mutate", "--plugin-dir", plugins}).out,
              HasSubstr("Share of suggestions drawn at random"));
  EXPECT_THAT(run({"schema", "--plugin-dir", plugins}).out, HasSubstr("\"acme.mutate\""));
  EXPECT_THAT(run({"doctor", "--plugin-dir", plugins}).out,
              ::testing::ContainsRegex("acme\\.dsnn\\.so +1 component +ready"));
}

}  // namespace
}  // namespace dsnn
