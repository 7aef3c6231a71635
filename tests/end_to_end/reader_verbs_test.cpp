// status, show, pareto and export read the store alone: no plugins, no experiment file, also while a driver writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "dsnn/search_space.h"
#include "dsnn/text.h"
#include "store/file.h"
#include "store/run_lock.h"
#include "store/trial_table.h"
#include "support/study_run.h"

namespace dsnn {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

Target target(const std::string& name, const std::string& metric) {
  Target t;
  t.name = name;
  t.metric = metric;
  return t;
}

/// A run of four trials made through the store: the default, two proposals, one failure.
class ReaderVerbs : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "dsnn-read-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    fs::create_directories(run_folder());
    store_ = store::open_sqlite(run_folder() / "study.sqlite", store::Open::create);
    Parameter rate;
    rate.id = "training.lr";
    rate.default_value = 0.5;
    store::StudyRecord study;
    study.name = "example";
    study.uuid = "u";
    study.spec_json = "{}";
    study.state = "running";
    study.targets = {target("error", "validation.error"), target("energy", "inference.energy_mj")};
    study.space = SearchSpace({rate}).to_json();
    study.budget_axes = {"epochs"};
    study.full_budget = 9;
    store_->create_study(study, {});
    add(0, 0.5, 0.3, 3, Origin::default_);
    add(1, 0.25, 0.2, 4, Origin::proposed);
    add(2, 0.75, 0.1, 9, Origin::proposed);
    add_failure(3);
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  fs::path run_folder() const { return folder_ / "runs" / "example"; }
  test::ProgramEnd run(const std::vector<std::string>& arguments) const {
    return test::Program(arguments, folder_).wait();
  }

  void add(int64_t number, double rate, double error, double energy, Origin origin) {
    Evaluation e;
    e.request = request(number, rate, origin);
    e.objectives = {{.value = error, .std_error = {}}, {.value = energy, .std_error = {}}};
    e.metrics = {{"validation.error", error}, {"inference.energy_mj", energy}, {"step.seconds", 2}};
    e.seconds = 2;
    store_->add_trial(e.request, "");
    const int64_t fence = store_->claim(number, "worker-1", 1);
    store_->add_epoch_metrics(number, static_cast<int>(fence), {{1, "train.loss", 2.5, 1}, {2, "train.loss", 1.5, 2}});
    store_->tell(e, fence, {});
  }
  void add_failure(int64_t number) {
    Evaluation e;
    e.request = request(number, 0.9, Origin::proposed);
    e.state = TrialState::failed;
    e.fail = FailKind::signal;
    e.message = "signal SIGSEGV in plugin x";
    store_->add_trial(e.request, "");
    store::AttemptRecord attempt;
    attempt.outcome = "failed";
    attempt.signal = 11;
    store_->tell(e, store_->claim(number, "worker-1", 1), attempt);
    fs::create_directories(run_folder() / "trials" / std::to_string(number));
    std::ofstream(run_folder() / "trials" / std::to_string(number) / "log.txt") << "about to crash \x1b[31m\n";
  }
  static TrialRequest request(int64_t number, double rate, Origin origin) {
    TrialRequest r;
    r.number = number;
    r.root = number;
    r.origin = origin;
    r.configuration.values = {{"training.lr", Value(rate)}};
    r.budget.value = {9};
    return r;
  }

  fs::path folder_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(ReaderVerbs, StatusSaysWhatAKilledRunHasAndThatItResumes) {
  const auto end = run({"status", "runs/example"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.out,
              AllOf(HasSubstr("killed"), HasSubstr("3 done, 0 running, 1 failed"), HasSubstr("error 0.1 (trial 2)"),
                    HasSubstr("energy 3 (trial 0)"), HasSubstr(store::trial_table_sha256(*store_))));
}

TEST_F(ReaderVerbs, StatusOfARunAtWorkNamesItsDriver) {
  const store::RunLock lock = store::RunLock::acquire(run_folder());
  const auto end = run({"status", "runs/example"});
  EXPECT_THAT(end.out, HasSubstr("running (process " + std::to_string(::getpid())));
}

TEST_F(ReaderVerbs, StatusReadsBehindAnOpenWrite) {
  const store::Batch batch(*store_);
  store_->add_trial(request(4, 0.1, Origin::proposed), "");
  const auto end = run({"status", "runs/example"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.out, Not(HasSubstr("waiting")));
}

TEST_F(ReaderVerbs, StatusAsJsonAndOfAFolder) {
  const Value one = parse_json(run({"status", "runs/example", "--json"}).out);
  EXPECT_EQ(one.at("trials").at("failed").integer(), 1);
  EXPECT_EQ(one.at("front").integer(), 3);
  EXPECT_EQ(one.at("best").at("error").at("trial").integer(), 2);
  EXPECT_TRUE(one.at("energy_kwh").is_null()) << "nothing measured is not zero";
  EXPECT_EQ(parse_json(run({"status", "--json"}).out).size(), 1u) << "runs/ is the default folder";
  EXPECT_THAT(run({"status", "runs"}).out, AllOf(HasSubstr("run "), HasSubstr("runs/example  killed")));
}

/// A store that another program wrote: names and messages that would clear a screen or turn the text round.
TEST_F(ReaderVerbs, NothingOfAStoreSteersTheTerminal) {
  const std::string bad = "\x1b[2J\u202e\u009b\xFF";
  fs::create_directories(folder_ / "runs" / "hostile");
  const auto store = store::open_sqlite(folder_ / "runs" / "hostile" / "study.sqlite", store::Open::create);
  Parameter rate;
  rate.id = "training.lr" + bad;
  rate.default_value = "slow" + bad;
  rate.domain = {.type = Domain::Type::choice, .choices = {Value("slow" + bad), Value("fast" + bad)}};
  store::StudyRecord study{.name = "hostile" + bad, .uuid = "u", .spec_json = "{}", .state = "finished"};
  study.targets = {target("error" + bad, "validation.error" + bad), target("energy", "inference.energy_mj")};
  study.space = SearchSpace({rate}).to_json();
  study.budget_axes = {"epochs" + bad};
  store->create_study(study, {});
  Evaluation e;
  e.request = request(0, 0, Origin::proposed);
  e.request.configuration.values = {{rate.id, Value("fast" + bad)}};
  e.objectives = {{.value = 0.5, .std_error = {}}, {.value = 1, .std_error = {}}};
  e.metrics = {{"validation.error" + bad, 0.5}};
  e.message = "first" + bad + "\nsecond";
  store->add_trial(e.request, "");
  store->tell(e, store->claim(0, "worker" + bad, 1), {});
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{
           {"status", "runs/hostile"}, {"status", "runs"}, {"show", "runs/hostile", "0"}, {"pareto", "runs/hostile"}}) {
    const auto end = run(verb);
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_THAT(end.out, HasSubstr("\\x1b[2J\\u202e\\x9b\\xff")) << verb.front();
    EXPECT_EQ(printable_lines(end.out + end.err), end.out + end.err) << verb.front();
  }
  EXPECT_THAT(run({"show", "runs/hostile", "0"}).out, HasSubstr("\\xff; second")) << "a cell is one line";
}

TEST_F(ReaderVerbs, TheFrontSaysWhichBudgetItIsOfAndWhatItsHypervolumeIsMeasuredFrom) {
  EXPECT_THAT(run({"status", "runs/example"}).out,
              AllOf(HasSubstr("3 trials at epochs 9, hypervolume "), HasSubstr("no reference given")));
  EXPECT_EQ(parse_json(run({"status", "runs/example", "--json"}).out).at("front_of").string(), "at epochs 9");
  EXPECT_THAT(run({"pareto", "runs/example"}).out,
              AllOf(HasSubstr(" of the front at epochs 9"), HasSubstr("no reference given")));
}

TEST_F(ReaderVerbs, FollowEndsWhenNothingRuns) { EXPECT_EQ(run({"status", "runs/example", "--follow"}).exit_code, 0); }

TEST_F(ReaderVerbs, NoRunIs69WithWhatToDo) {
  for (const char* verb : {"pareto", "export", "status"}) {
    const auto end = run({verb, "runs/none"});
    EXPECT_EQ(end.exit_code, 69) << verb;
    EXPECT_THAT(end.err, HasSubstr("no run in 'runs/none'"));
  }
}

TEST_F(ReaderVerbs, ParetoMarksTheKneeAndObeysPreferences) {
  const auto all = run({"pareto", "runs/example"});
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("1      knee"), HasSubstr("hypervolume ")));
  const auto some = run({"pareto", "runs/example", "--prefer", "error <= 0.2"});
  EXPECT_THAT(some.out, AllOf(HasSubstr("2 of 3 members"), HasSubstr("best energy among them: trial 1")));
  EXPECT_EQ(run({"pareto", "runs/example", "--prefer", "error"}).exit_code, 2);
  EXPECT_EQ(run({"pareto", "runs/example", "--prefer", "eror<=1"}).exit_code, 2);
}

TEST_F(ReaderVerbs, ExportIsByteForByteTheTrialTable) {
  EXPECT_EQ(run({"export", "runs/example"}).out, store::trial_table_csv(*store_, store::Columns::reproducible));
  EXPECT_EQ(run({"export", "runs/example", "--format", "csv", "--all", "-o", "t.csv"}).out, "");
  EXPECT_EQ(store::read_file(folder_ / "t.csv"), store::trial_table_csv(*store_, store::Columns::all));
  EXPECT_THAT(run({"export", "runs/example", "--format", "jsonl"}).out, HasSubstr("\"fail_kind\":\"signal\""));
  EXPECT_EQ(run({"export", "runs/example", "--format", "xml"}).exit_code, 2);
}

TEST_F(ReaderVerbs, ExportWritesIntoWhatIsNoRegularFileAndSparesTheRunsOwn) {
  const std::string table = store::trial_table_csv(*store_, store::Columns::reproducible);
  const std::string study = store::read_file(folder_ / "runs/example/study.sqlite");
  EXPECT_EQ(run({"export", "runs/example", "-o", "/dev/stdout"}).out, table);
  const auto full = run({"export", "runs/example", "-o", "/dev/full"});
  EXPECT_EQ(full.exit_code, 74);
  EXPECT_THAT(full.err, HasSubstr("No space left on device"));
  const auto own = run({"export", "runs/example", "-o", "runs/example/study.sqlite"});
  EXPECT_EQ(own.exit_code, 73);
  EXPECT_THAT(own.err, HasSubstr("it is a file of the run in"));
  EXPECT_EQ(store::read_file(folder_ / "runs/example/study.sqlite"), study);
}

TEST_F(ReaderVerbs, ShowTellsATrialsStory) {
  const auto end = run({"show", "runs/example", "1"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.out, AllOf(HasSubstr("training.lr  0.25  (default 0.5)"), HasSubstr("train.loss  2.5  1.5"),
                             HasSubstr("member, knee"), HasSubstr("9 epochs")));
  EXPECT_EQ(run({"show", "runs/example", "77"}).exit_code, 2);
  EXPECT_EQ(run({"show", "runs/example", "x"}).exit_code, 2);
}

TEST_F(ReaderVerbs, ShowNamesTheCauseOfAFailureAndCleansItsLog) {
  const auto end = run({"show", "runs/example", "3"});
  EXPECT_THAT(end.out, AllOf(HasSubstr("failed (signal): signal SIGSEGV in plugin x"), HasSubstr("signal 11"),
                             HasSubstr("about to crash \\x1b[31m"), Not(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace dsnn
