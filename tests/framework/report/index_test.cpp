#include "report/index.h"

#include <gtest/gtest.h>

#include "config/spec.h"
#include "store/file.h"
#include "store/store.h"
#include "support/temporary_folder.h"

namespace dsnn::report {
namespace {

/// A folder of runs as a matrix of method x bits with two seeds leaves it.
class Index : public testing::Test {
 protected:
  Index() {
    spec_.name = "zoo";
    spec_.seed_in_path = true;
    spec_.matrix = {.axes = {{"method", {"q", "ps"}}, {"bits", {"2", "5"}}}, .skipped = {"ps-2"}, .seeds = {1, 2}};
    spec_.tree = Value::map();
  }

  std::unique_ptr<store::Store> start(const std::string& method, const std::string& bits, int64_t seed,
                                      const std::string& state) {
    spec_.cell = method + "-" + bits;
    spec_.cell_labels = {{"method", method}, {"bits", bits}};
    spec_.seed = seed;
    const std::filesystem::path folder = folder_.path() / spec_.folder();
    std::filesystem::create_directories(folder);
    runs_.push_back(folder);
    auto store = store::open_sqlite(folder / "study.sqlite", store::Open::create);
    store::StudyRecord study;
    study.name = spec_.folder().generic_string();
    study.spec_json = to_json(spec_.to_json());
    study.state = state;
    study.seed = static_cast<uint64_t>(seed);
    study.created_us = static_cast<int64_t>(runs_.size());
    study.targets = spec_.objectives;
    study.space = spec_.space.to_json();
    store->create_study(study, {});
    return store;
  }

  void run(const std::string& method, const std::string& bits, int64_t seed, double error) {
    const auto store = start(method, bits, seed, "finished");
    tell(*store, 0, TrialState::complete, error, "");
  }

  static void tell(store::Store& store, int64_t number, TrialState state, double error, const std::string& message) {
    Evaluation evaluation;
    evaluation.request.number = evaluation.request.root = number;
    evaluation.state = state;
    evaluation.message = message;
    evaluation.metrics = {{"test.error", error}};
    if (state == TrialState::complete) evaluation.objectives = {{.value = error, .std_error = {}}};
    store.add_trial(evaluation.request, "");
    ASSERT_TRUE(store.tell(evaluation, store.claim(number, "w", 1), {}));
  }

  Value experiment() const { return index_data(folder_.path(), runs_).at("experiments").items().at(0); }
  /// Row and column of the first table.
  Value cell(size_t row, size_t column) const {
    return experiment().at("tables").items().at(0).at("body").items().at(row).at("cells").items().at(column);
  }
  Value run_of(size_t row, size_t column, size_t seed) const { return cell(row, column).at("runs").items().at(seed); }

  test::TemporaryFolder folder_;
  config::ExperimentSpec spec_;
  std::vector<std::filesystem::path> runs_;
};

TEST_F(Index, ACellHoldsMeanDeviationAndCountOverTheSeeds) {
  run("q", "2", 1, 0.25);
  run("q", "2", 2, 0.75);
  EXPECT_EQ(cell(0, 0).at("mean").number(), 0.5);
  EXPECT_NEAR(cell(0, 0).at("sd").number(), 0.35355339, 1e-8);
  EXPECT_EQ(cell(0, 0).at("n").integer(), 2);
  EXPECT_EQ(run_of(0, 0, 1).at("href").string(), "zoo/q-2/seed-2/report.html");
}

TEST_F(Index, MissingCellsSayWhy) {
  run("q", "2", 1, 0.25);
  tell(*start("q", "5", 1, "finished"), 0, TrialState::failed, 0, "out of memory\nlast lines: ...");
  start("ps", "5", 1, "interrupted");
  EXPECT_EQ(run_of(0, 0, 1).at("why").string(), "not run yet");
  EXPECT_EQ(run_of(0, 1, 0).at("why").string(), "no trial succeeded: out of memory");
  EXPECT_EQ(run_of(1, 0, 0).at("why").string(), "left out by matrix.skip");
  EXPECT_EQ(run_of(1, 1, 0).at("why").string(), "interrupted before a trial finished");
  EXPECT_EQ(cell(1, 1).find("mean"), nullptr);
}

TEST_F(Index, ReportTableChoosesRowsColumnsAndMetric) {
  spec_.tree.set("report", parse_json(R"({"table":{"rows":"bits","columns":"method","metric":"test.error_pct"}})"));
  run("q", "2", 1, 0.25);
  const Value table = experiment().at("tables").items().at(0);
  EXPECT_EQ(to_json(table.at("heads")), R"(["q","ps"])");
  EXPECT_EQ(table.at("body").items().at(1).at("label").string(), "5");
  EXPECT_EQ(table.at("title").string(), "test.error_pct");
  EXPECT_EQ(cell(0, 0).at("mean").number(), 25);
}

TEST_F(Index, AMetricThatARunLacksIsNamed) {
  spec_.tree.set("report", parse_json(R"({"table":{"rows":"bits","columns":"method","metric":"test.top5"}})"));
  run("q", "2", 1, 0.25);
  EXPECT_EQ(run_of(0, 0, 0).at("why").string(), "test.top5 was not recorded");
}

TEST_F(Index, ASearchShowsTheBestOfItsFrontForAnObjective) {
  spec_.objectives = {{.role = Target::Role::objective, .name = "error", .metric = "test.error"}};
  const auto store = start("q", "2", 1, "finished");
  tell(*store, 0, TrialState::complete, 0.5, "");
  tell(*store, 1, TrialState::complete, 0.125, "");
  EXPECT_EQ(cell(0, 0).at("mean").number(), 0.125);
}

TEST_F(Index, AxesThatAreNeitherRowsNorColumnsGiveATableEach) {
  spec_.matrix.axes.push_back({"data", {"a", "b"}});
  spec_.matrix.skipped.clear();
  run("q", "2", 1, 0.25);
  const Value tables = experiment().at("tables");
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables.items()[1].at("title").string(), "test.error, data b");
}

TEST_F(Index, SeedsAloneGiveOneRow) {
  spec_.matrix.axes.clear();
  const auto store = start("", "", 1, "finished");
  EXPECT_EQ(experiment().at("tables").items().at(0).at("body").size(), 1U);
}

TEST_F(Index, AStoreOfAnotherVersionIsListedAsUnreadable) {
  run("q", "2", 1, 0.25);
  {
    const auto store = start("q", "5", 1, "finished");
    store->replace_spec("{}", "");
  }
  const Value data = index_data(folder_.path(), runs_);
  EXPECT_EQ(to_json(data.at("unreadable")), R"(["zoo/q-5/seed-1 was written by another version of dsnn-run"])");
  EXPECT_EQ(data.at("experiments").size(), 1U);
}

TEST_F(Index, ADamagedStoreHidesNoOther) {
  run("q", "2", 1, 0.25);
  std::filesystem::create_directories(folder_.path() / "zoo/broken");
  runs_.push_back(folder_.path() / "zoo/broken");
  store::write_file_atomically(runs_.back() / "study.sqlite", std::string(5000, 'x'));
  const Value data = index_data(folder_.path(), runs_);
  EXPECT_EQ(data.at("unreadable").size(), 1U);
  EXPECT_EQ(data.at("experiments").size(), 1U);
}

TEST_F(Index, ThePageEscapesItsStringsAndAllowsNoOtherScript) {
  tell(*start("q", "2", 1, "finished"), 0, TrialState::failed, 0, "</script><script>alert(1)</script>");
  write_index(folder_.path() / "zoo", runs_);
  const std::string html = store::read_file(folder_.path() / "zoo" / "index.html");
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(html.find("q-2/seed-1/report.html"), std::string::npos);
}

}  // namespace
}  // namespace dsnn::report
