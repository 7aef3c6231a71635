#include "report/html.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>

#include "report/data.h"
#include "report/layers.h"
#include "store/csv.h"
#include "store/file.h"
#include "store/store.h"

namespace dsnn::report {
namespace {

class Report : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("report_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    store_ = store::open_sqlite(folder_ / "study.sqlite", store::Open::create);
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void create(const std::string& name) {
    store::StudyRecord study;
    study.name = name;
    study.spec_json = R"({"grid":{"country":"DEU"}})";
    study.spec_sha256 = "0123";
    study.spec_yaml = "schema: dsnn/1\nname: " + name + "\n";
    study.state = "running";
    study.seed = 7;
    study.algorithm = "hyperband + parego";
    study.targets = {
        {.role = Target::Role::objective, .name = "error", .metric = "validation.error", .reference = 0.5},
        {.role = Target::Role::objective, .name = "energy", .metric = "inference.energy_mj", .reference = 2.0}};
    study.space = SearchSpace({Parameter{.id = "operator.weight_bits",
                                         .domain = {.type = Domain::Type::integer, .lo = 2, .hi = 5},
                                         .default_value = 5}})
                      .to_json();
    store_->create_study(study, {{.name = "hyperband", .version = "0.3.0", .abi = "", .sha256 = "ab"}});
  }

  void trial(int64_t number, double error, double energy, TrialState state = TrialState::complete,
             const std::string& message = "") {
    Evaluation evaluation;
    evaluation.request.number = evaluation.request.root = number;
    evaluation.request.origin = number == 0 ? Origin::default_ : Origin::proposed;
    evaluation.request.configuration.values["operator.weight_bits"] = static_cast<int64_t>(2 + number % 4);
    evaluation.request.budget.value = {9};
    store_->add_trial(evaluation.request, "");
    const int64_t fence = store_->claim(number, "w1", 1);
    store_->add_epoch_metrics(number, 1,
                              {{.step = 1, .name = "validation.error", .value = error + 0.1, .wall_seconds = 1},
                               {.step = 2, .name = "validation.error", .value = error, .wall_seconds = 2}});
    evaluation.state = state;
    evaluation.fail = state == TrialState::failed ? FailKind::exception : FailKind::none;
    evaluation.message = message;
    if (state == TrialState::complete) evaluation.objectives = {{error, {}}, {energy, {}}};
    evaluation.metrics = {{"validation.error", error},
                          {"inference.energy_mj", energy},
                          {"step.energy_kwh", 1e-5},
                          {"training.energy_kwh", 1e-5},
                          {"training.emissions_kg", 3e-6}};
    evaluation.seconds = 3;
    EXPECT_TRUE(store_->tell(evaluation, fence,
                             {.trial = number, .attempt = 1, .worker = "w1", .host = "", .outcome = "complete"}));
  }

  std::string html() {
    write_html(folder_);
    return store::read_file(folder_ / "report.html");
  }

  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(Report, EmbedsFrontKneeAndDefaultOfTheStudy) {
  create("pareto");
  trial(0, 0.10, 1.8);
  trial(1, 0.20, 0.3);
  trial(2, 0.12, 0.5);
  trial(3, 0.40, 1.9);
  const Value data = report_data(folder_, *store_);
  EXPECT_EQ(to_json(data.at("front")), "[0,2,1]");
  EXPECT_EQ(data.at("default_trial").integer(), 0);
  EXPECT_EQ(data.at("knee").integer(), 2);
  EXPECT_EQ(data.at("trials").size(), 4U);
  EXPECT_EQ(data.at("hypervolume").size(), 4U);
  EXPECT_GT(data.at("hypervolume").items().back().at("value").number(), 0.5);
  EXPECT_NEAR(data.at("totals").at("kwh").number(), 4e-5, 1e-12);
  EXPECT_NEAR(data.at("totals").at("intensity").number(), 300.0, 1e-6);
}

TEST_F(Report, IsOneFileWithoutRemoteAssetsUnderAStrictPolicy) {
  create("alone");
  trial(0, 0.1, 1.0);
  const std::string text = html();
  EXPECT_NE(text.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(text.find("src=\"http"), std::string::npos);
  EXPECT_EQ(text.find("href=\"http"), std::string::npos);
  EXPECT_EQ(text.find("@import"), std::string::npos);
}

TEST_F(Report, HostileNamesCannotLeaveTheirPlace) {
  const std::string hostile = "</script><script>alert(1)</script>\"'&";
  create(hostile);
  trial(0, 0.1, 1.0);
  trial(1, 0.1, 1.0, TrialState::failed, "<img src=x onerror=alert(1)>");
  const std::string text = html();
  EXPECT_EQ(text.find("<script>alert"), std::string::npos);
  EXPECT_EQ(text.find("<img"), std::string::npos);
  EXPECT_NE(text.find("&lt;/script&gt;"), std::string::npos);
}

TEST_F(Report, GroupsFailuresByCauseWithWhatTheyShare) {
  create("failures");
  trial(0, 0.1, 1.0);
  trial(1, 0, 0, TrialState::failed, "out of memory");
  trial(2, 0.2, 1.0);
  trial(3, 0.2, 1.0);
  trial(4, 0.2, 1.0);
  trial(5, 0, 0, TrialState::failed, "out of memory");
  const Value groups = report_data(folder_, *store_).at("failures");
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups.items()[0].at("cause").string(), "exception");
  EXPECT_EQ(to_json(groups.items()[0].at("trials")), "[1,5]");
  EXPECT_EQ(groups.items()[0].at("common").string(), "operator.weight_bits = 3");
}

TEST_F(Report, StaysUnderTwoMegabytesForAThousandTrials) {
  create("large");
  for (int64_t i = 0; i < 1000; ++i)
    trial(i, 0.1 + 0.3 * std::fmod(static_cast<double>(i) * 0.618, 1.0),
          0.2 + std::fmod(static_cast<double>(i) * 0.414, 1.0));
  EXPECT_LT(html().size(), 2'000'000U);
}

TEST_F(Report, AnUnfinishedStudyWithoutTrialsStillHasAReport) {
  create("young");
  EXPECT_NE(html().find("young"), std::string::npos);
}

TEST(Layers, ReadsRowsAndLeavesOutDamagedOnes) {
  const auto file = std::filesystem::path(::testing::TempDir()) / "layers.csv";
  std::ofstream(file) << "layer,type,macs,share\nconv1,deepshift.conv2d,288000,0.25\nbroken\n";
  const Value rows = read_layers(file);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.items()[0].at("macs").integer(), 288000);
  EXPECT_DOUBLE_EQ(rows.items()[0].at("share").number(), 0.25);
}

TEST(Layers, NamesWithCommasQuotesAndLineBreaksStayWhole) {
  const auto file = std::filesystem::path(::testing::TempDir()) / "layers_names.csv";
  std::ofstream(file, std::ios::binary) << store::csv_row({"layer", "type", "macs"})
                                        << store::csv_row({"a,b\n\"c\"", "12", "3"})
                                        << store::csv_row({"1e5", "t", "4"});
  const Value rows = read_layers(file);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.items()[0].at("layer").string(), "a,b\n\"c\"");
  EXPECT_EQ(rows.items()[0].at("type").string(), "12");
  EXPECT_EQ(rows.items()[0].at("macs").integer(), 3);
  EXPECT_EQ(rows.items()[1].at("layer").string(), "1e5");
}

/// What the page's `tex` or `quote` makes of a text, asked of Node.js; nullopt without it.
std::optional<std::string> in_page(const std::string& function, const std::string& text) {
  const auto folder = std::filesystem::path(::testing::TempDir());
  std::ifstream base(DSNN_SOURCE_DIR "/framework/report/assets/base.js");
  std::string script;
  for (std::string line; std::getline(base, line);) {
    if (line.starts_with("const tex") || line.starts_with("const quote") || line.starts_with("const cell"))
      script += line + "\n";
  }
  std::ofstream(folder / "page.js") << script << "process.stdout.write(" << function << "(" << to_json(Value(text))
                                    << "));\n";
  const std::string out = (folder / "page.txt").string();
  if (std::system(("node " + (folder / "page.js").string() + " > " + out + " 2>/dev/null").c_str()) != 0)
    return std::nullopt;
  return store::read_file(out);
}

TEST(Page, TablesAreDownloadedWithEveryCharacterEscaped) {
  if (!in_page("tex", "x")) GTEST_SKIP() << "needs Node.js";
  EXPECT_EQ(in_page("tex", "a\\b~c^d_e{f}g&h%i$j#k"),
            "a\\textbackslash{}b\\textasciitilde{}c\\textasciicircum{}d\\_e\\{f\\}g\\&h\\%i\\$j\\#k");
  EXPECT_EQ(in_page("tex", "a < b > c | d\n\ne \"f\""),
            "a \\textless{} b \\textgreater{} c \\textbar{} d e \\textquotedbl{}f\\textquotedbl{}");
  EXPECT_EQ(in_page("quote", "=1+1"), "'=1+1") << "a spreadsheet runs no formula";
  EXPECT_EQ(in_page("quote", "-0.5"), "-0.5");
  EXPECT_EQ(in_page("quote", "a,\"b\"\r\nc"), "\"a,\"\"b\"\"\r\nc\"");
}

}  // namespace
}  // namespace dsnn::report
