#include "store/sqlite_store.h"

#include <cmath>
#include <limits>

#include "dsnn/error.h"
#include "store/migrations.h"
#include "store_fixture.h"

namespace dsnn::store {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

int exit_code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ExitError& error) {
    return error.exit_code();
  }
  return 0;
}

TEST_F(StoreTest, StudyComesBackAsWritten) {
  create();
  const auto study = open_sqlite(file(), Open::read_only)->study();
  ASSERT_TRUE(study.has_value());
  const StudyRecord expected = example_study();
  EXPECT_EQ(study->name, expected.name);
  EXPECT_EQ(study->seed, expected.seed);
  EXPECT_EQ(study->space, expected.space);
  EXPECT_EQ(study->budget_axes, expected.budget_axes);
  ASSERT_EQ(study->targets.size(), 5u);
  EXPECT_EQ(study->targets[4].role, Target::Role::recorded);
  EXPECT_EQ(study->targets[1].metric, "inference.energy_mj");
  EXPECT_EQ(open_sqlite(file(), Open::read_only)->plugins().at(0).name, "deepshift");
}

TEST_F(StoreTest, TrialComesBackAsTold) {
  const auto store = create();
  TrialRequest first = example_request(0, 3);
  finish(*store, first, 0.25, 12);
  TrialRequest second = example_request(1, 9);
  second.root = 0;
  second.parent = 0;
  second.origin = Origin::promoted;
  second.start_from = "trials/0";
  second.budget.bracket = 2;
  second.budget.rung = 1;
  finish(*store, second, 0.125, 12);
  const auto trials = store->trials();
  ASSERT_EQ(trials.size(), 2u);
  const TrialRecord& t = trials[1];
  EXPECT_EQ(t.request.parent, 0);
  EXPECT_EQ(t.request.start_from, "trials/0");
  EXPECT_EQ(t.request.origin, Origin::promoted);
  EXPECT_EQ(t.request.configuration, second.configuration);
  EXPECT_EQ(t.request.seed, second.seed);
  EXPECT_EQ(t.request.budget.value, second.budget.value);
  EXPECT_EQ(t.state, TrialState::complete);
  EXPECT_EQ(t.objectives.at(0).value, 0.125);
  EXPECT_EQ(t.view_hash, "view");
  EXPECT_EQ(t.attempts, 1);
  EXPECT_EQ(t.resource, 2) << "the lineage's, its parent's included";
  EXPECT_EQ(t.metrics.size(), 4u);
}

TEST_F(StoreTest, NonFiniteNumbersSurvive) {
  const auto store = create();
  const TrialRequest request = example_request(0);
  store->add_trial(request, "");
  const int64_t fence = store->claim(0, "w0", 1);
  Evaluation e = example_evaluation(request, std::nan(""), -kInfinity);
  e.state = TrialState::diverged;
  e.metrics.push_back({"train.loss", kInfinity});
  ASSERT_TRUE(store->tell(e, fence, {}));
  store->add_epoch_metrics(0, static_cast<int>(fence), {{1, "train.loss", std::nan(""), 0}});
  const TrialRecord t = open_sqlite(file(), Open::read_only)->trials().at(0);
  EXPECT_EQ(t.state, TrialState::diverged);
  EXPECT_TRUE(std::isnan(t.objectives.at(0).value));
  EXPECT_EQ(t.objectives.at(1).value, -kInfinity);
  bool found = false;
  for (const Metric& m : t.metrics) found = found || (m.name == "train.loss" && m.value == kInfinity);
  EXPECT_TRUE(found);
  EXPECT_TRUE(std::isnan(store->epoch_metrics(0).at(0).value));
}

TEST_F(StoreTest, DenormalsAndExtremesRoundTripExactly) {
  const auto store = create();
  const double tiny = std::numeric_limits<double>::denorm_min();
  const double huge = std::numeric_limits<double>::max();
  finish(*store, example_request(0), tiny, huge);
  const TrialRecord t = store->trials().at(0);
  EXPECT_EQ(t.objectives.at(0).value, tiny);
  EXPECT_EQ(t.objectives.at(1).value, huge);
}

TEST_F(StoreTest, FenceRefusesAStaleTellAndKeepsItAside) {
  const auto store = create();
  const TrialRequest request = example_request(0);
  store->add_trial(request, "");
  const int64_t lost = store->claim(0, "w0", 1);
  const int64_t fence = store->claim(0, "w1", 2);
  EXPECT_GT(fence, lost);
  EXPECT_FALSE(store->tell(example_evaluation(request, 0.9, 1), lost, {}));
  EXPECT_EQ(store->trials().at(0).state, TrialState::running);
  EXPECT_TRUE(store->tell(example_evaluation(request, 0.1, 1), fence, {}));
  EXPECT_FALSE(store->tell(example_evaluation(request, 0.2, 1), fence, {})) << "a second tell of one claim";
  EXPECT_EQ(store->trials().at(0).objectives.at(0).value, 0.1);
  const auto attempts = store->attempts(0);
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].outcome, "stale_result");
  EXPECT_EQ(attempts[1].attempt, fence);
  int stale = 0;
  for (const EventRecord& e : store->events()) stale += e.kind == "stale_result" ? 1 : 0;
  EXPECT_EQ(stale, 2);
}

TEST_F(StoreTest, PreemptionDoesNotCountAsAnAttempt) {
  const auto store = create();
  store->add_trial(example_request(0), "");
  store->claim(0, "w0", 1);
  store->release(0, {}, true);
  TrialRecord t = store->trials().at(0);
  EXPECT_EQ(t.state, TrialState::waiting);
  EXPECT_EQ(t.attempts, 0);
  EXPECT_EQ(t.preemptions, 1);
  store->claim(0, "w0", 1);
  store->release(0, {}, false);
  t = store->trials().at(0);
  EXPECT_EQ(t.attempts, 1);
  EXPECT_EQ(store->attempts(0).at(0).outcome, "preempted");
  EXPECT_EQ(store->attempts(0).at(1).outcome, "failed");
}

TEST_F(StoreTest, ReclaimAfterADeadDriverEndsItsAttemptAsLost) {
  {
    const auto store = create();
    store->add_trial(example_request(0), "");
    store->claim(0, "w0", 1);
  }
  const auto store = open_sqlite(file(), Open::read_write);
  store->claim(0, "w1", 2);
  EXPECT_EQ(store->attempts(0).at(0).outcome, "lost");
  EXPECT_EQ(store->trials().at(0).attempts, 1);
}

TEST_F(StoreTest, ClaimOfAFinishedTrialIsABrokenInvariant) {
  const auto store = create();
  finish(*store, example_request(0), 0.1, 1);
  EXPECT_EQ(exit_code_of([&] { store->claim(0, "w0", 1); }), 70);
  EXPECT_EQ(store->trials().at(0).state, TrialState::complete);
}

TEST_F(StoreTest, EventsKeepTheOrderOfCalls) {
  const auto store = create();
  finish(*store, example_request(0), 0.1, 1);
  store->observed(0);
  store->add_event(std::nullopt, "stopped", Value::map());
  std::vector<std::string> kinds;
  for (const EventRecord& e : store->events()) kinds.push_back(e.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{"proposed", "claimed", "finished", "observed", "stopped"}));
  EXPECT_EQ(store->events(4).size(), 1u);
}

TEST_F(StoreTest, EpochMetricsComeFromTheNewestAttempt) {
  const auto store = create();
  store->add_trial(example_request(0), "");
  store->claim(0, "w0", 1);
  store->add_epoch_metrics(0, 1, {{1, "train.loss", 5, 0.1}, {2, "train.loss", 4, 0.2}});
  store->claim(0, "w0", 1);
  store->add_epoch_metrics(0, 2, {{2, "train.loss", 3, 0.3}});
  const auto metrics = store->epoch_metrics(0);
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0].value, 5);
  EXPECT_EQ(metrics[1].value, 3);
}

TEST_F(StoreTest, StaticMetricsStandUntilFinalOnesReplaceThem) {
  const auto store = create();
  store->add_trial(example_request(0), "");
  store->set_static_metrics(0, {{"model.parameters", 10}, {"inference.energy_mj", kInfinity}});
  EXPECT_EQ(store->trials().at(0).metrics.size(), 2u);
  const int64_t fence = store->claim(0, "w0", 1);
  ASSERT_TRUE(store->tell(example_evaluation(example_request(0), 0.5, 3), fence, {}));
  const TrialRecord told = store->trials().at(0);
  for (const Metric& m : told.metrics) {
    const double expected = m.name == "inference.energy_mj" ? 3 : m.name == "model.parameters" ? 10 : m.value;
    EXPECT_EQ(m.value, expected) << m.name;
  }
}

TEST_F(StoreTest, MissingReadingStaysMissing) {
  const auto store = create();
  const TrialRequest request = example_request(0);
  store->add_trial(request, "");
  const int64_t fence = store->claim(0, "w0", 1);
  Evaluation e = example_evaluation(request, 0.5, 3);
  EnergyReading gpu;
  gpu.meter = "nvml";
  gpu.source = "nvml_counter";
  gpu.scope = "gpu";
  gpu.step = "training";
  gpu.why_missing = "no device";
  EnergyReading cpu = gpu;
  cpu.meter = "tdp";
  cpu.source = "tdp_model";
  cpu.scope = "cpu_pkg";
  cpu.joules = 5;
  cpu.sigma_joules = 3;
  EnergyReading other_socket = cpu;
  other_socket.joules = 7;
  other_socket.sigma_joules = 4;
  e.readings = {gpu, cpu, other_socket};
  ASSERT_TRUE(store->tell(e, fence, {}));
  const auto readings = store->readings(0);
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[0].joules, 12) << "two windows of one meter add up";
  EXPECT_EQ(readings[0].sigma_joules, 5);
  EXPECT_FALSE(readings[1].joules.has_value());
  EXPECT_EQ(readings[1].why_missing, "no device");
}

TEST_F(StoreTest, RemovingCheckpointsClearsThePath) {
  const auto store = create();
  const TrialRequest request = example_request(0);
  store->add_trial(request, "");
  const int64_t fence = store->claim(0, "w0", 1);
  Evaluation e = example_evaluation(request, 0.5, 3);
  e.checkpoint = "trials/0";
  ASSERT_TRUE(store->tell(e, fence, {}));
  store->add_artifact({.trial = 0,
                       .kind = "checkpoint",
                       .path = "trials/0/checkpoint.safetensors",
                       .sha256 = "x",
                       .bytes = 9,
                       .step = 3});
  EXPECT_EQ(store->artifacts(0).at(0).bytes, 9);
  store->remove_artifacts(0, "checkpoint");
  EXPECT_TRUE(store->artifacts(0).empty());
  EXPECT_EQ(store->trials().at(0).checkpoint, "");
}

TEST_F(StoreTest, BatchWithoutCommitLeavesNothing) {
  const auto store = create();
  {
    const Batch batch(*store);
    store->add_trial(example_request(0), "");
    store->add_epoch_metrics(0, 1, {{1, "train.loss", 5, 0.1}});
  }
  EXPECT_TRUE(store->trials().empty());
  Batch batch(*store);
  store->add_trial(example_request(0), "");
  store->add_trial(example_request(1), "");
  batch.commit();
  EXPECT_EQ(store->trials().size(), 2u);
}

TEST_F(StoreTest, ReaderSeesEveryCommitWhileTheDriverWrites) {
  const auto writer = create();
  const auto reader = open_sqlite(file(), Open::read_only);
  finish(*writer, example_request(0), 0.5, 3);
  EXPECT_EQ(reader->trials().size(), 1u);
  Batch batch(*writer);
  writer->add_trial(example_request(1), "");
  EXPECT_EQ(reader->trials().size(), 1u) << "an open transaction neither blocks nor shows";
  batch.commit();
  EXPECT_EQ(reader->trials().size(), 2u);
}

TEST_F(StoreTest, NewerStoreIsRefusedAndLeftAlone) {
  create();
  {
    Database database(file(), Open::read_write);
    database.execute("PRAGMA user_version=99");
  }
  EXPECT_EQ(exit_code_of([&] { open_sqlite(file(), Open::read_write); }), 78);
  EXPECT_EQ(exit_code_of([&] { open_sqlite(file(), Open::read_only); }), 78);
  Database database(file(), Open::read_only);
  EXPECT_EQ(database.pragma("user_version"), 99);
}

TEST_F(StoreTest, MissingStoreAndForeignFileAreSaidClearly) {
  EXPECT_EQ(exit_code_of([&] { open_sqlite(file(), Open::read_only); }), 69);
  EXPECT_EQ(exit_code_of([&] { open_sqlite(folder_.path() / "none" / "study.sqlite", Open::create); }), 73);
  Database(file(), Open::create).execute("CREATE TABLE other(x)");
  EXPECT_EQ(exit_code_of([&] { open_sqlite(file(), Open::create); }), 74);
}

TEST_F(StoreTest, OlderStoreIsMigratedAfterABackup) {
  create();
  const std::vector<Migration> later = {migrations()[0],
                                        {2, "ALTER TABLE study ADD COLUMN colour TEXT NOT NULL DEFAULT ''"}};
  Database database(file(), Open::read_write);
  migrate(database, later);
  EXPECT_EQ(database.pragma("user_version"), 2);
  EXPECT_TRUE(database.query("SELECT colour FROM study").step());
  auto backup = file();
  backup += ".v1.backup";
  EXPECT_EQ(open_sqlite(backup, Open::read_only)->study()->name, "example");
}

TEST_F(StoreTest, FailedMigrationChangesNothing) {
  create();
  const std::vector<Migration> broken = {migrations()[0],
                                         {2, "CREATE TABLE extra(x); SELECT no_such_column FROM study"}};
  Database database(file(), Open::read_write);
  EXPECT_EQ(exit_code_of([&] { migrate(database, broken); }), 70);
  EXPECT_EQ(database.pragma("user_version"), 1);
  auto q = database.query("SELECT count(*) FROM sqlite_schema WHERE name='extra'");
  ASSERT_TRUE(q.step());
  EXPECT_EQ(q.integer(0), 0);
}

TEST_F(StoreTest, ViewsServeReadersOfAnyLanguage) {
  const auto store = create();
  finish(*store, example_request(0), 0.5, 1);
  finish(*store, example_request(1), 0.25, 2);
  finish(*store, example_request(2), 0.5, 2);
  finish(*store, example_request(3, 3), 0.01, 0.01);
  Database database(file(), Open::read_only);
  auto front = database.query("SELECT number, json_extract(objectives, '$.error') FROM front ORDER BY number");
  ASSERT_TRUE(front.step());
  EXPECT_EQ(front.integer(0), 0);
  EXPECT_EQ(front.number(1), 0.5);
  ASSERT_TRUE(front.step());
  EXPECT_EQ(front.integer(0), 1);
  EXPECT_FALSE(front.step()) << "dominated ones and lower budgets are not on the front";
  EXPECT_TRUE(database.query("SELECT * FROM trials").step());
  EXPECT_FALSE(database.query("SELECT * FROM energy").step());
}

TEST_F(StoreTest, TheViewOfTheFrontKnowsTheFullBudgetAndWhatMayBeOnIt) {
  const auto members = [&](const char* rule) {
    Database database(file(), Open::read_write);
    database.execute(rule);
    std::vector<int64_t> out;
    auto front = database.query("SELECT number FROM front ORDER BY number");
    while (front.step()) out.push_back(front.integer(0));
    return out;
  };
  const auto store = create();
  finish(*store, example_request(0, 3), 0.5, 1);
  finish(*store, example_request(1, 1), 0.25, 2);
  EXPECT_EQ(members("INSERT OR REPLACE INTO meta VALUES('full_budget', '9')"), (std::vector<int64_t>{}));
  EXPECT_EQ(members("INSERT OR REPLACE INTO meta VALUES('full_budget', '3')"), (std::vector<int64_t>{0}));
  EXPECT_EQ(members("INSERT OR REPLACE INTO meta VALUES('front', 'any')"), (std::vector<int64_t>{0, 1}));
}

TEST_F(StoreTest, TheRuleOfTheFrontIsKept) {
  StudyRecord study = example_study();
  study.full_budget = 9;
  study.front_of_any_budget = true;
  const auto store = open_sqlite(file(), Open::create);
  store->create_study(study, {});
  EXPECT_EQ(store->study()->full_budget, 9);
  EXPECT_TRUE(store->study()->front_of_any_budget);
}

TEST_F(StoreTest, NetworkFileSystemsAreKnownByTheirMagic) {
  EXPECT_STREQ(network_file_system(0x6969)->c_str(), "NFS");
  EXPECT_STREQ(network_file_system(0x0BD00BD0)->c_str(), "Lustre");
  EXPECT_STREQ(network_file_system(0x47504653)->c_str(), "GPFS");
  EXPECT_STREQ(network_file_system(static_cast<int64_t>(0xFF534D42))->c_str(), "CIFS");
  EXPECT_STREQ(network_file_system(0x00C36400)->c_str(), "Ceph");
  EXPECT_STREQ(network_file_system(0x19830326)->c_str(), "BeeGFS");
  EXPECT_FALSE(network_file_system(0xEF53).has_value()) << "ext4";
}

}  // namespace
}  // namespace dsnn::store
