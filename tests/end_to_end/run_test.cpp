#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "config/reserved_names.h"
#include "support/study_run.h"

namespace dsnn::test {
namespace {

namespace fs = std::filesystem;

/// Runs an experiment text of its own in the folder of a toy study.
ProgramEnd run_text(const ToyStudy& study, const std::string& yaml, std::vector<std::string> more = {}) {
  std::ofstream(study.folder() / "own.yaml") << yaml;
  std::vector<std::string> arguments{"run", "own.yaml", "--quiet", "--plugin-dir",
                                     toy_plugin_folders().front().string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Program(arguments, study.folder()).wait();
}

/// The toy's experiment with another line of limits.
std::string toy_with(const std::string& limits) {
  std::string yaml = toy_experiment();
  const size_t begin = yaml.find("limits: ");
  return yaml.replace(begin, yaml.find('\n', begin) - begin, limits);
}

/// Rows of a trial table without a parent.
int lineages(const std::string& table) {
  std::istringstream lines(table);
  int out = 0;
  for (std::string line; std::getline(lines, line);) out += line.find(",,") == line.find(',') ? 1 : 0;
  return out;
}

constexpr const char* kPlain =
    "schema: dsnn/1\n"
    "name: plain\n"
    "evaluator: fixture.toy\n"
    "training: {epochs: 3}\n";

/// What lies in a folder and may take its name from a study, a cell or a label, for want of being reserved.
std::vector<std::string> free_names(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!config::is_reserved_name(name)) out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST(Run, EveryFileOfARunHasAReservedName) {
  const ToyStudy study({"limits.trials=10"});
  const ProgramEnd end = study.run();
  ASSERT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(free_names(study.run_folder()), std::vector<std::string>());
  const std::string cells = std::string(kPlain) + "seed: [1, 2]\nmatrix:\n  toy.bits: [4, 5]\n";
  ASSERT_EQ(run_text(study, cells).exit_code, 0);
  EXPECT_EQ(free_names(study.folder() / "runs/plain"), (std::vector<std::string>{"4", "5"}));
  EXPECT_EQ(free_names(study.folder() / "runs/plain/4"), std::vector<std::string>());
}

TEST(Run, AFolderRunsWhatHasANameHoweverItIsWrittenAndSaysWhatItSkips) {
  const ToyStudy study;
  fs::create_directories(study.folder() / "all");
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream(study.folder() / "all" / name) << text;
  };
  write("a.yaml", "{schema: dsnn/1, name: flow, evaluator: fixture.toy, training: {epochs: 1}}\n");
  write("b.yaml", "schema: dsnn/1\n\"name\": quoted\nevaluator: fixture.toy\ntraining: {epochs: 1}\n");
  write("c.yaml", "schema: dsnn/1\nevaluator: fixture.toy\ntraining:\n  # name: nested\n  epochs: 1\n");
  write("d.yaml", "services: {name: other}\n");
  const ProgramEnd end =
      Program({"validate", "all", "--plugin-dir", toy_plugin_folders().front().string()}, study.folder()).wait();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(end.err,
            "all/c.yaml: note: skipped: it has no 'name', so it is a base for others\n"
            "all/d.yaml: note: skipped: it has neither 'schema' nor 'name', so it is no experiment\n");
  for (const char* name : {"a.yaml", "b.yaml"}) EXPECT_NE(end.out.find(name), std::string::npos) << end.out;
  write("e.yaml", "schema: dsnn/1\nname: [broken\n");
  EXPECT_EQ(Program({"validate", "all"}, study.folder()).wait().exit_code, 65);
}

TEST(Run, WritesEveryFileOfTheRunFolder) {
  const ToyStudy study({"limits.trials=10"});
  const ProgramEnd end = study.run();
  ASSERT_EQ(end.exit_code, 0) << end.err;
  for (const char* file :
       {"experiment.yaml", "source/toy.yaml", "environment.json", "study.sqlite", "events.jsonl", "log.txt",
        "trials/0/config.yaml", "trials/0/log.txt", "pareto.csv", "trials.csv", "emissions.csv", "energy.csv",
        "report.html", "CITATION.bib", "models/best/checkpoint.json"}) {
    EXPECT_TRUE(fs::exists(study.run_folder() / file)) << file;
  }
  EXPECT_NE(end.out.find("Pareto front"), std::string::npos) << end.out;
  EXPECT_NE(end.out.find("report: runs/toy/report.html"), std::string::npos) << end.out;
  EXPECT_NE(end.out.find("limits.trials reached"), std::string::npos) << end.out;
}

TEST(Run, FrontOfAnyBudgetIsCarriedOutByEveryReader) {
  const ToyStudy study({"limits.trials=30", "fidelity.front=any"});
  const ProgramEnd end = study.run({"--quiet"});
  ASSERT_EQ(end.exit_code, 0) << end.err;
  EXPECT_NE(end.out.find("Pareto front of any "), std::string::npos) << end.out;
  for (const char* verb : {"status", "pareto"}) {
    const ProgramEnd read = Program({verb, "runs/toy"}, study.folder()).wait();
    EXPECT_NE(read.out.find(" of any "), std::string::npos) << read.out;
  }
}

TEST(Run, OneLinePerEventAwayFromATerminal) {
  const ToyStudy study({"limits.trials=5"});
  const std::string err = study.run().err;
  for (int i = 0; i < 5; ++i) EXPECT_NE(err.find("trial " + std::to_string(i) + " complete"), std::string::npos) << err;
  EXPECT_EQ(err.find('\x1b'), std::string::npos);
}

TEST(Run, KeepsOnlyCheckpointsOfTheFrontAndOfWhatMayBePromoted) {
  const ToyStudy study({"limits.trials=60"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  int kept = 0;
  for (int i = 0; i < 60; ++i)
    kept += fs::exists(study.run_folder() / "trials" / std::to_string(i) / "checkpoint.json") ? 1 : 0;
  EXPECT_TRUE(fs::exists(study.run_folder() / "trials/0/checkpoint.json"));
  EXPECT_LT(kept, 50);
}

TEST(Run, WithoutASearchTrainsOneConfiguration) {
  const ToyStudy study;
  const ProgramEnd end = run_text(study, kPlain);
  ASSERT_EQ(end.exit_code, 0) << end.err;
  const std::string table = read_text(study.folder() / "runs/plain/trials.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 2) << table;
  EXPECT_NE(end.out.find("validation.error"), std::string::npos) << end.out;
}

TEST(Run, CellsAndSeedsHaveFoldersOfTheirOwn) {
  const ToyStudy study;
  const std::string yaml = std::string(kPlain) + "seed: [1, 2]\nmatrix:\n  toy.bits: [4, 5]\n";
  const ProgramEnd end = run_text(study, yaml);
  ASSERT_EQ(end.exit_code, 0) << end.err;
  int tables = 0;
  for (const auto& entry : fs::recursive_directory_iterator(study.folder() / "runs/plain")) {
    tables += entry.path().filename() == "trials.csv" ? 1 : 0;
  }
  EXPECT_EQ(tables, 4);
  EXPECT_NE(end.out.find("all runs of plain: runs/plain/index.html"), std::string::npos) << end.out;
}

TEST(Run, OnlyRunsTheCellsAskedFor) {
  const ToyStudy study;
  const std::string yaml = std::string(kPlain) + "matrix:\n  toy.bits: [4, 5]\n";
  ASSERT_EQ(run_text(study, yaml, {"--only", "*5"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(study.folder() / "runs/plain/5"));
  EXPECT_FALSE(fs::exists(study.folder() / "runs/plain/4"));
  EXPECT_NE(read_text(study.folder() / "runs/plain/index.html").find("not run yet"), std::string::npos);
  EXPECT_EQ(run_text(study, yaml, {"--only", "nothing"}).exit_code, 65);
}

TEST(Run, TrialsWithoutTheirStoreAreNobodys) {
  const ToyStudy study({"limits.trials=3"});
  ASSERT_EQ(study.run({"--quiet"}).exit_code, 0);
  std::ofstream(study.run_folder() / "study.sqlite", std::ios::trunc).close();
  const ProgramEnd refused = study.run({"--quiet"});
  EXPECT_EQ(refused.exit_code, 65);
  EXPECT_NE(refused.err.find("holds trials, but its study.sqlite is missing or empty"), std::string::npos)
      << refused.err;
  const ProgramEnd status = Program({"status", "runs/toy"}, study.folder()).wait();
  EXPECT_EQ(status.exit_code, 69);
  EXPECT_NE(status.err.find("is empty: it was never written, or it was lost"), std::string::npos) << status.err;
  EXPECT_EQ(study.run({"--quiet", "--fresh"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(study.folder() / "runs/toy.old-1"));
}

TEST(Run, PlanPredictsTheTrialsOfADeterministicRun) {
  const ToyStudy study;
  const std::string yaml = toy_with("limits: {trials: 23}");
  ASSERT_EQ(run_text(study, yaml).exit_code, 0);
  const int roots = lineages(read_text(study.folder() / "runs/toy/trials.csv"));
  const ProgramEnd plan =
      Program({"plan", "own.yaml", "--plugin-dir", toy_plugin_folders().front().string()}, study.folder()).wait();
  EXPECT_NE(plan.out.find("in all 23 trials of " + std::to_string(roots) + " configurations"), std::string::npos)
      << plan.out << roots;
}

TEST(Run, PlanAndRunCountConfigurationsAlike) {
  const ToyStudy study;
  const std::string yaml = toy_with("limits: {configurations: 6}");
  ASSERT_EQ(run_text(study, yaml).exit_code, 0);
  const std::string table = read_text(study.folder() / "runs/toy/trials.csv");
  EXPECT_EQ(lineages(table), 6) << table;
  const ProgramEnd plan =
      Program({"plan", "own.yaml", "--plugin-dir", toy_plugin_folders().front().string()}, study.folder()).wait();
  EXPECT_NE(plan.out.find("of 6 configurations"), std::string::npos) << plan.out;
  EXPECT_NE(plan.out.find("ends by limits.configurations"), std::string::npos) << plan.out;
}

TEST(Run, OneBadFileStopsAllBeforeAnythingRuns) {
  const ToyStudy study({"limits.trials=3"});
  std::ofstream(study.folder() / "bad.yaml") << "schema: dsnn/1\nname: bad\nevaluator: fixture.toy\ntoy: {bitts: 3}\n";
  const ProgramEnd end = study.run({"bad.yaml"});
  EXPECT_EQ(end.exit_code, 65);
  EXPECT_NE(end.err.find("bitts"), std::string::npos) << end.err;
  EXPECT_FALSE(fs::exists(study.folder() / "runs"));
}

// ---- what can be known is known before anything runs -------------------------------------------------------------

TEST(Run, ACellThatItsComponentRefusesStopsAllBeforeAnythingRuns) {
  const ToyStudy study;
  const std::string yaml =
      std::string(kPlain) + "toy: {refuse_bits: refuse}\nmatrix:\n  toy.bits: [5, 7, 4]\nseed: [1, 2]\n";
  const ProgramEnd end = run_text(study, yaml);
  EXPECT_EQ(end.exit_code, 65);
  EXPECT_EQ(end.err,
            "own.yaml:7:17: error: the toy has no weights of 7 bits (cell 7)\n"
            "    7 |   toy.bits: [5, 7, 4]\n"
            "      |                 ^ take another number\n"
            "1 error in 1 file; nothing was run.\n");
  EXPECT_FALSE(fs::exists(study.folder() / "runs"));
}

TEST(Run, ARefusedEndOfASearchedRangeStopsTheStudyBeforeItsFirstTrial) {
  const ToyStudy study({"toy.refuse_bits=refuse", "toy.bits={search: {int: [2, 7]}}"});
  const ProgramEnd end = study.run({"--quiet"});
  EXPECT_EQ(end.exit_code, 65);
  EXPECT_NE(end.err.find("the toy has no weights of 7 bits"), std::string::npos) << end.err;
  EXPECT_FALSE(fs::exists(study.folder() / "runs"));
}

TEST(Run, AStudyThatBeganIsNotCheckedAgain) {
  const ToyStudy study({"limits.trials=3", "toy.refuse_bits=refuse"});
  ASSERT_EQ(study.run({"--quiet", "--set", "toy.bits=5"}).exit_code, 0);
  const ProgramEnd other = study.run({"--quiet", "--set", "toy.bits=7"});
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_NE(other.err.find("holds another study"), std::string::npos) << other.err;
  const ProgramEnd anew = study.run({"--quiet", "--fresh", "--set", "toy.bits=7"});
  EXPECT_EQ(anew.exit_code, 65);
  EXPECT_NE(anew.err.find("the toy has no weights of 7 bits"), std::string::npos) << anew.err;
  EXPECT_FALSE(fs::exists(study.folder() / "runs/toy.old-1")) << "nothing is moved for what cannot run";
}

TEST(Run, APluginThatCrashesInTheCheckIsLeftToItsTrials) {
  const ToyStudy study({"limits.trials=3", "toy.refuse_bits=crash", "toy.bits=7"});
  const ProgramEnd end = study.run();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_NE(end.err.find("toy could not be checked before its first trial: its worker ended"), std::string::npos)
      << end.err;
}

TEST(Run, FolderMeansItsFilesWithAName) {
  const ToyStudy study;
  fs::create_directories(study.folder() / "all");
  std::ofstream(study.folder() / "all/base.yaml") << "schema: dsnn/1\nevaluator: fixture.toy\ntraining: {epochs: 2}\n";
  std::ofstream(study.folder() / "all/a.yaml") << "schema: dsnn/1\nname: a\nextends: base.yaml\n";
  std::ofstream(study.folder() / "all/b.yaml") << "schema: dsnn/1\nname: b\nextends: base.yaml\ntoy: {bits: 4}\n";
  const ProgramEnd end =
      Program({"run", "all", "--quiet", "--plugin-dir", toy_plugin_folders().front().string()}, study.folder()).wait();
  EXPECT_EQ(end.exit_code, 0) << end.err;
  const ProgramEnd valid =
      Program({"validate", "all", "--plugin-dir", toy_plugin_folders().front().string()}, study.folder()).wait();
  EXPECT_EQ(valid.out,
            "all/a.yaml: valid: 1 run, nothing is searched\nall/b.yaml: valid: 1 run, nothing is searched\n");
  EXPECT_TRUE(fs::exists(study.folder() / "runs/a/trials.csv"));
  EXPECT_TRUE(fs::exists(study.folder() / "runs/b/trials.csv"));
}

TEST(Run, SmokeLeavesNothingBehind) {
  const ToyStudy study;
  const ProgramEnd end = study.run({"--smoke", "--quiet"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_FALSE(fs::exists(study.folder() / "runs"));
}

TEST(Run, NoGoodTrialIsExitCode1) {
  const ToyStudy study({"limits.trials=3", "toy.fault=throw"});
  EXPECT_EQ(study.run({"--quiet"}).exit_code, 1);
}

TEST(Run, StrictCountsAFailedTrial) {
  const ToyStudy study({"limits.trials=12", "toy.fault=throw", "toy.fault_fraction=0.3"});
  EXPECT_EQ(study.run({"--quiet", "--out", "lenient"}).exit_code, 0);
  EXPECT_EQ(study.run({"--quiet", "--strict"}).exit_code, 1);
}

TEST(Run, UnusableOutputFolderIsExitCode73) {
  const ToyStudy study({"limits.trials=3"});
  std::ofstream(study.folder() / "file") << "in the way";
  const ProgramEnd end = study.run({"--quiet", "--out", "file"});
  EXPECT_EQ(end.exit_code, 73);
  EXPECT_NE(end.err.find("--out"), std::string::npos) << end.err;
}

TEST(Run, ConstraintKnownBeforeTrainingCostsNothing) {
  const ToyStudy study({"limits.trials=30", "constraints=[{metric: inference.energy_mj, max: 0.9}]"});
  const ProgramEnd end = study.run({"--quiet"});
  ASSERT_EQ(end.exit_code, 0) << end.err;
  EXPECT_NE(study.table().find("infeasible"), std::string::npos) << study.table();
}

}  // namespace
}  // namespace dsnn::test
