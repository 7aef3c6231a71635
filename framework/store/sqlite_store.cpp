#include "store/sqlite_store.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <tuple>

#include "dsnn/error.h"
#include "dsnn/version.h"
#include "store/file.h"
#include "store/measured_number.h"
#include "store/migrations.h"
#include "store/readings.h"
#include "store/run_lock.h"

namespace dsnn::store {
namespace {

const char* role_name(Target::Role role) {
  switch (role) {
    case Target::Role::objective:
      return "objective";
    case Target::Role::constraint:
      return "constraint";
    case Target::Role::recorded:
      return "recorded";
  }
  return "recorded";
}

Value list_of(const std::vector<double>& numbers) {
  Value list = Value::list();
  for (const double v : numbers) list.push_back(v);
  return list;
}

Value list_of(const std::vector<std::string>& words) {
  Value list = Value::list();
  for (const std::string& word : words) list.push_back(word);
  return list;
}

Value map_of(const std::vector<Metric>& metrics) {
  Value map = Value::map();
  for (const Metric& metric : metrics) map.set(metric.name, metric.value);
  return map;
}

std::string outcome_of(const Evaluation& evaluation, const AttemptRecord& attempt) {
  if (!attempt.outcome.empty()) return attempt.outcome;
  return evaluation.state == TrialState::failed ? "failed" : "complete";
}

/// What the driver's epoch reports cost at a power failure is a curve, not a result: no fsync for them.
class RelaxedDurability {
 public:
  explicit RelaxedDurability(Database& database, bool in_batch) : database_(in_batch ? nullptr : &database) {
    if (database_) database_->execute("PRAGMA synchronous=NORMAL");
  }
  ~RelaxedDurability() {
    if (database_) database_->execute("PRAGMA synchronous=FULL");
  }
  RelaxedDurability(const RelaxedDurability&) = delete;
  RelaxedDurability& operator=(const RelaxedDurability&) = delete;

 private:
  Database* database_;
};

}  // namespace

SqliteStore::SqliteStore(const std::filesystem::path& file, Open mode)
    : database_(std::make_unique<Database>(file, mode)) {
  if (mode == Open::read_only) {
    check_version(*database_, migrations());
  } else {
    migrate(*database_, migrations());
  }
}

SqliteStore::~SqliteStore() = default;

void SqliteStore::create_study(const StudyRecord& study, const std::vector<PluginRecord>& plugins) {
  Transaction transaction(*database_);
  database_
      ->query(
          "INSERT INTO study(study_id,name,uuid,spec_yaml,spec_json,spec_sha256,space_json,budget_axes_json,seed,"
          "algo,algo_version,state,stopped_by,created_us) VALUES(1,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .bind(study.name, study.uuid, study.spec_yaml, study.spec_json, study.spec_sha256, to_json(study.space),
            to_json(list_of(study.budget_axes)), std::bit_cast<int64_t>(study.seed), study.algorithm, kVersion,
            study.state.empty() ? "running" : study.state, study.stopped_by,
            study.created_us > 0 ? study.created_us : now_us())
      .run();
  const auto note = [&](const char* key, const std::string& value) {
    database_->query("INSERT INTO meta(key, value) VALUES(?, ?)").bind(key, value).run();
  };
  if (study.full_budget) note("full_budget", to_text(Value(*study.full_budget)));
  note("front", study.front_of_any_budget ? "any" : "top");
  database_->query("INSERT INTO space(study_id,version,json) VALUES(1,1,?)").bind(to_json(study.space)).run();
  int index = 0;
  for (const Target& t : study.targets) {
    database_
        ->query(
            "INSERT INTO target(study_id,idx,role,name,metric,goal,bound_min,bound_max,reference,at,meter) "
            "VALUES(1,?,?,?,?,?,?,?,?,?,?)")
        .bind(index++, role_name(t.role), t.name.empty() ? t.metric : t.name, t.metric,
              t.goal == Goal::minimize ? "minimize" : "maximize", t.min, t.max, t.reference, t.at, t.meter)
        .run();
  }
  for (const PluginRecord& p : plugins) {
    database_->query("INSERT OR REPLACE INTO plugin(study_id,name,version,abi,sha256) VALUES(1,?,?,?,?)")
        .bind(p.name, p.version, p.abi, p.sha256)
        .run();
  }
  transaction.commit();
}

void SqliteStore::set_study_state(const std::string& state, const std::string& stopped_by) {
  database_->query("UPDATE study SET state=?, stopped_by=?").bind(state, stopped_by).run();
}

void SqliteStore::replace_spec(const std::string& spec_json, const std::string& spec_yaml) {
  database_->query("UPDATE study SET spec_json=?, spec_yaml=?").bind(spec_json, spec_yaml).run();
}

void SqliteStore::add_trial(const TrialRequest& r, const std::string& view_hash) {
  Transaction transaction(*database_);
  const std::string configuration = r.configuration.to_json();
  database_
      ->query(
          "INSERT INTO trial(trial_id,study_id,number,root_trial_id,parent_trial_id,replicate,origin,config_json,"
          "config_hash,seed,bracket,rung,budget_json,budget_resource,start_artifact_id,start_from,view_hash) "
          "VALUES(?1,1,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,(SELECT max(artifact_id) FROM artifact "
          "WHERE trial_id=?3 AND kind='checkpoint' AND ?13 IS NOT NULL),?13,?14)")
      .bind(r.number, r.root, r.parent, r.replicate, to_string(r.origin), configuration, sha256_hex(configuration),
            std::bit_cast<int64_t>(r.seed), r.budget.bracket, r.budget.rung, to_json(list_of(r.budget.value)),
            r.budget.resource, r.start_from, view_hash)
      .run();
  Value json = Value::map();
  json.set("view_hash", view_hash);
  json.set("origin", to_string(r.origin));
  json.set("bracket", r.budget.bracket);
  json.set("rung", r.budget.rung);
  insert_event(r.number, "proposed", json);
  transaction.commit();
}

int64_t SqliteStore::claim(int64_t number, const std::string& worker, int64_t pid) {
  const int64_t now = now_us();
  Transaction transaction(*database_);
  database_->query("UPDATE attempt SET outcome='lost', end_us=? WHERE trial_id=? AND outcome IS NULL")
      .bind(now, number)
      .run();
  database_
      ->query(
          "UPDATE trial SET attempts = attempts + (state = 'waiting'), state='running', fence=fence+1, "
          "lease_owner=?, claimed_us=?, started_us=coalesce(started_us, ?) "
          "WHERE trial_id=? AND state IN ('waiting','running')")
      .bind(worker, now, now, number)
      .run();
  if (database_->changes() != 1) {
    throw ExitError(70, "trial " + std::to_string(number) +
                            " cannot be claimed: it is finished or does not exist; "
                            "this is a bug in dsnn-run, please report it");
  }
  auto fence_query = database_->query("SELECT fence FROM trial WHERE trial_id=?");
  fence_query.bind(number).step();
  const int64_t fence = fence_query.integer(0);
  static const std::string host = host_name();
  static const std::string boot = boot_id();
  database_
      ->query("INSERT INTO attempt(trial_id,attempt,worker_id,host,pid,fence,start_us) VALUES(?1,?2,?3,?4,?5,?2,?6)")
      .bind(number, fence, worker, host, pid, now)
      .run();
  database_
      ->query(
          "INSERT INTO worker(worker_id,host,boot_id,pid,started_us,last_beat_us) VALUES(?1,?2,?3,?4,?5,?5) "
          "ON CONFLICT(worker_id) DO UPDATE SET host=?2, boot_id=?3, pid=?4, last_beat_us=?5")
      .bind(worker, host, boot, pid, now)
      .run();
  Value json = Value::map();
  json.set("worker", worker);
  json.set("fence", fence);
  insert_event(number, "claimed", json);
  transaction.commit();
  return fence;
}

bool SqliteStore::tell(const Evaluation& e, int64_t fence, const AttemptRecord& attempt) {
  const int64_t number = e.request.number;
  const int64_t now = now_us();
  Transaction transaction(*database_);
  database_
      ->query(
          "UPDATE trial SET state=?1, fail_kind=?2, fail_msg=?3, finished_us=?4, seconds=?5, checkpoint=?6, "
          "start_from=?10, lease_owner=NULL, resource=?7 + coalesce((SELECT p.resource FROM trial p "
          "WHERE p.trial_id=trial.parent_trial_id AND ?10 IS NOT NULL), 0) "
          "WHERE trial_id=?8 AND fence=?9 AND state='running'")
      .bind(to_string(e.state), to_string(e.fail), e.message, now, e.seconds, e.checkpoint,
            e.resource_spent.value_or(0), number, fence, e.request.start_from)
      .run();
  if (database_->changes() != 1) {
    keep_stale(e, fence, attempt);
    transaction.commit();
    return false;
  }
  insert_values(e);
  insert_metrics(e, fence);
  insert_readings(e, fence);
  end_attempt(number, fence, attempt, outcome_of(e, attempt), measured_joules(e.readings));
  Value json = Value::map();
  json.set("state", to_string(e.state));
  if (e.fail != FailKind::none) json.set("fail_kind", to_string(e.fail));
  insert_event(number, "finished", json);
  transaction.commit();
  return true;
}

void SqliteStore::insert_values(const Evaluation& e) {
  size_t objective = 0, constraint = 0;
  auto targets = database_->query("SELECT idx, role FROM target WHERE role IN ('objective','constraint') ORDER BY idx");
  while (targets.step()) {
    const bool is_objective = targets.text(1) == "objective";
    const auto& values = is_objective ? e.objectives : e.constraints;
    size_t& next = is_objective ? objective : constraint;
    if (next >= values.size()) continue;
    const Measured& measured = values[next++];
    const MeasuredNumber columns = to_columns(measured.value);
    database_->query("INSERT INTO trial_value(trial_id,idx,value,std_error,kind) VALUES(?,?,?,?,?)")
        .bind(e.request.number, targets.integer(0), columns.value, measured.std_error, columns.kind)
        .run();
  }
}

void SqliteStore::insert_metrics(const Evaluation& e, int64_t fence) {
  for (const Metric& metric : e.metrics) {
    const MeasuredNumber columns = to_columns(metric.value);
    database_->query("INSERT OR REPLACE INTO metric(trial_id,attempt,step,name,value,kind) VALUES(?,?,-1,?,?,?)")
        .bind(e.request.number, fence, metric.name, columns.value, columns.kind)
        .run();
  }
}

void SqliteStore::insert_readings(const Evaluation& e, int64_t fence) {
  // Several windows of one meter and scope in one step (one per device, say) are one row: joules add up, and one
  // missing window makes the sum unknown.
  std::map<std::tuple<std::string, std::string, std::string>, EnergyReading> merged;
  for (const EnergyReading& r : e.readings) {
    const auto [entry, is_new] = merged.try_emplace({r.step, r.scope, r.meter}, r);
    if (is_new) continue;
    EnergyReading& sum = entry->second;
    sum.joules = sum.joules && r.joules ? std::optional(*sum.joules + *r.joules) : std::nullopt;
    sum.sigma_joules = std::hypot(sum.sigma_joules, r.sigma_joules);
    sum.seconds = std::max(sum.seconds, r.seconds);
    if (sum.why_missing.empty()) sum.why_missing = r.why_missing;
  }
  for (const auto& [key, r] : merged) {
    database_
        ->query(
            "INSERT INTO reading(trial_id,attempt,step,scope,meter,source,joules,sigma_j,seconds,attribution,"
            "why_missing) VALUES(?,?,?,?,?,?,?,?,?,?,?)")
        .bind(e.request.number, fence, r.step, r.scope, r.meter, r.source, r.joules, r.sigma_joules, r.seconds,
              r.attribution, r.why_missing)
        .run();
  }
}

void SqliteStore::end_attempt(int64_t trial, int64_t fence, const AttemptRecord& a, const std::string& outcome,
                              std::optional<double> energy_j) {
  database_
      ->query(
          "UPDATE attempt SET end_us=?, outcome=?, exit_code=?, signal=?, peak_rss_bytes=?, energy_j=? "
          "WHERE trial_id=? AND attempt=?")
      .bind(a.end_us > 0 ? a.end_us : now_us(), outcome, a.exit_code, a.signal, a.peak_rss_bytes, energy_j, trial,
            fence)
      .run();
}

void SqliteStore::keep_stale(const Evaluation& e, int64_t fence, const AttemptRecord& attempt) {
  end_attempt(e.request.number, fence, attempt, "stale_result", measured_joules(e.readings));
  Value json = Value::map();
  json.set("fence", fence);
  json.set("state", to_string(e.state));
  json.set("metrics", map_of(e.metrics));
  insert_event(e.request.number, "stale_result", json);
}

void SqliteStore::release(int64_t number, const AttemptRecord& attempt, bool preempted) {
  Transaction transaction(*database_);
  auto q = database_->query("SELECT fence FROM trial WHERE trial_id=? AND state='running'");
  if (!q.bind(number).step()) {
    throw ExitError(70, "trial " + std::to_string(number) +
                            " cannot be released: it is not running; this is a bug in "
                            "dsnn-run, please report it");
  }
  const int64_t fence = q.integer(0);
  database_
      ->query(
          "UPDATE trial SET state='waiting', lease_owner=NULL, attempts=attempts-?1, preemptions=preemptions+?1 "
          "WHERE trial_id=?2")
      .bind(preempted ? 1 : 0, number)
      .run();
  const std::string outcome = !attempt.outcome.empty() ? attempt.outcome : preempted ? "preempted" : "failed";
  end_attempt(number, fence, attempt, outcome, std::nullopt);
  Value json = Value::map();
  json.set("outcome", outcome);
  insert_event(number, "released", json);
  transaction.commit();
}

void SqliteStore::observed(int64_t number) {
  Transaction transaction(*database_);
  insert_event(number, "observed", Value::map());
  transaction.commit();
}

void SqliteStore::add_epoch_metrics(int64_t trial, int attempt, const std::vector<EpochMetric>& metrics) {
  const RelaxedDurability relaxed(*database_, batch_.has_value());
  Transaction transaction(*database_);
  for (const EpochMetric& m : metrics) {
    const MeasuredNumber columns = to_columns(m.value);
    database_
        ->query("INSERT OR REPLACE INTO metric(trial_id,attempt,step,name,value,kind,wall_s) VALUES(?,?,?,?,?,?,?)")
        .bind(trial, attempt, m.step, m.name, columns.value, columns.kind, m.wall_seconds)
        .run();
  }
  transaction.commit();
}

void SqliteStore::add_artifact(const ArtifactRecord& a) {
  database_->query("INSERT INTO artifact(trial_id,kind,path,bytes,sha256,step,created_us) VALUES(?,?,?,?,?,?,?)")
      .bind(a.trial, a.kind, a.path, a.bytes, a.sha256, a.step, now_us())
      .run();
}

void SqliteStore::remove_artifacts(int64_t trial, const std::string& kind) {
  Transaction transaction(*database_);
  database_->query("DELETE FROM artifact WHERE trial_id=? AND kind=?").bind(trial, kind).run();
  if (kind == "checkpoint") database_->query("UPDATE trial SET checkpoint='' WHERE trial_id=?").bind(trial).run();
  transaction.commit();
}

void SqliteStore::add_event(std::optional<int64_t> trial, const std::string& kind, const Value& json) {
  const RelaxedDurability relaxed(*database_, batch_.has_value());
  insert_event(trial, kind, json);
}

void SqliteStore::insert_event(std::optional<int64_t> trial, const std::string& kind, const Value& json) {
  database_->query("INSERT INTO event(study_id,trial_id,ts_us,kind,json) VALUES(1,?,?,?,?)")
      .bind(trial, now_us(), kind, to_json(json))
      .run();
}

void SqliteStore::set_static_metrics(int64_t trial, const std::vector<Metric>& metrics) {
  database_->query("UPDATE trial SET static_json=? WHERE trial_id=?").bind(to_json(map_of(metrics)), trial).run();
}

void SqliteStore::begin_batch() { batch_.emplace(*database_); }
void SqliteStore::commit_batch() {
  batch_->commit();
  batch_.reset();
}
void SqliteStore::drop_batch() noexcept { batch_.reset(); }

std::unique_ptr<Store> open_sqlite(const std::filesystem::path& file, Open mode) {
  return std::make_unique<SqliteStore>(file, mode);
}

Store::~Store() = default;

}  // namespace dsnn::store
