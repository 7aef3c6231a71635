#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <map>

#include "dsnn/error.h"
#include "store/measured_number.h"
#include "store/sqlite_store.h"

namespace dsnn::store {
namespace {

Target::Role role_from(const std::string& text) {
  if (text == "objective") return Target::Role::objective;
  return text == "constraint" ? Target::Role::constraint : Target::Role::recorded;
}

std::vector<double> numbers_of(const Value& list) {
  std::vector<double> out;
  for (const Value& item : list.items()) out.push_back(item.number());
  return out;
}

TrialRecord read_trial(const Query& q) {
  TrialRecord t;
  t.request.number = q.integer(0);
  t.request.root = q.integer(1);
  t.request.parent = q.maybe_integer(2);
  t.request.replicate = q.integer(3);
  t.request.origin = origin_from(q.text(4));
  t.request.configuration = Configuration::from_json(parse_json(q.text(5)));
  t.request.seed = std::bit_cast<uint64_t>(q.integer(6));
  t.request.budget.bracket = static_cast<int>(q.integer(7));
  t.request.budget.rung = static_cast<int>(q.integer(8));
  t.request.budget.value = numbers_of(parse_json(q.text(9)));
  t.request.budget.resource = q.number(10);
  if (!q.is_null(11)) t.request.start_from = q.text(11);
  t.state = trial_state_from(q.text(12));
  t.fail = fail_kind_from(q.text(13));
  t.message = q.text(14);
  t.resource = q.number(15);
  t.seconds = q.number(16);
  t.checkpoint = q.text(17);
  t.view_hash = q.text(18);
  t.attempts = static_cast<int>(q.integer(19));
  t.preemptions = static_cast<int>(q.integer(20));
  t.fence = q.integer(21);
  t.claimed_us = q.integer(22);
  t.started_us = q.integer(23);
  t.finished_us = q.integer(24);
  const Value known = parse_json(q.text(25));
  for (const auto& [name, value] : known.members())
    t.metrics.push_back({name, value.number_or_word().value_or(std::nan(""))});
  return t;
}

TrialRecord* find_trial(std::vector<TrialRecord>& trials, int64_t number) {
  const auto found = std::lower_bound(trials.begin(), trials.end(), number,
                                      [](const TrialRecord& t, int64_t n) { return t.request.number < n; });
  return found != trials.end() && found->request.number == number ? &*found : nullptr;
}

}  // namespace

std::vector<Target> SqliteStore::read_targets() const {
  std::vector<Target> targets;
  auto q =
      database_->query("SELECT role,name,metric,goal,bound_min,bound_max,reference,at,meter FROM target ORDER BY idx");
  while (q.step()) {
    targets.push_back({.role = role_from(q.text(0)),
                       .name = q.text(1),
                       .metric = q.text(2),
                       .goal = q.text(3) == "maximize" ? Goal::maximize : Goal::minimize,
                       .min = q.maybe_number(4),
                       .max = q.maybe_number(5),
                       .reference = q.maybe_number(6),
                       .at = q.text(7),
                       .meter = q.text(8)});
  }
  return targets;
}

std::optional<StudyRecord> SqliteStore::study() const {
  Transaction snapshot(*database_, Transaction::Kind::read);
  auto q = database_->query(
      "SELECT name,uuid,spec_json,spec_sha256,spec_yaml,state,stopped_by,seed,algo,created_us,space_json,"
      "budget_axes_json FROM study");
  if (!q.step()) return std::nullopt;
  StudyRecord s;
  s.name = q.text(0);
  s.uuid = q.text(1);
  s.spec_json = q.text(2);
  s.spec_sha256 = q.text(3);
  s.spec_yaml = q.text(4);
  s.state = q.text(5);
  s.stopped_by = q.text(6);
  s.seed = std::bit_cast<uint64_t>(q.integer(7));
  s.algorithm = q.text(8);
  s.created_us = q.integer(9);
  s.space = parse_json(q.text(10));
  const Value axes = parse_json(q.text(11));
  for (const Value& axis : axes.items()) s.budget_axes.push_back(axis.string());
  s.targets = read_targets();
  auto notes = database_->query("SELECT key,value FROM meta WHERE key IN ('full_budget','front')");
  while (notes.step()) {
    if (notes.text(0) == "front")
      s.front_of_any_budget = notes.text(1) == "any";
    else
      s.full_budget = std::strtod(notes.text(1).c_str(), nullptr);
  }
  return s;
}

std::vector<PluginRecord> SqliteStore::plugins() const {
  std::vector<PluginRecord> out;
  auto q = database_->query("SELECT name,version,abi,sha256 FROM plugin ORDER BY name");
  while (q.step()) out.push_back({q.text(0), q.text(1), q.text(2), q.text(3)});
  return out;
}

std::vector<TrialRecord> SqliteStore::trials() const {
  Transaction snapshot(*database_, Transaction::Kind::read);
  std::vector<TrialRecord> trials;
  auto q = database_->query(
      "SELECT number,root_trial_id,parent_trial_id,replicate,origin,config_json,seed,bracket,rung,budget_json,"
      "budget_resource,start_from,state,fail_kind,fail_msg,resource,seconds,checkpoint,view_hash,attempts,"
      "preemptions,fence,claimed_us,started_us,finished_us,static_json FROM trial ORDER BY number");
  while (q.step()) trials.push_back(read_trial(q));
  read_values(trials);
  read_final_metrics(trials);
  return trials;
}

void SqliteStore::read_values(std::vector<TrialRecord>& trials) const {
  auto q = database_->query(
      "SELECT v.trial_id,g.role,v.value,v.kind,v.std_error FROM trial_value v JOIN target g ON g.idx=v.idx "
      "ORDER BY v.trial_id,v.idx");
  while (q.step()) {
    TrialRecord* trial = find_trial(trials, q.integer(0));
    DSNN_ASSERT(trial != nullptr);
    auto& values = q.text(1) == "objective" ? trial->objectives : trial->constraints;
    values.push_back({from_columns(q.number(2), q.text(3)), q.maybe_number(4)});
  }
}

void SqliteStore::read_final_metrics(std::vector<TrialRecord>& trials) const {
  auto q = database_->query("SELECT trial_id,name,value,kind FROM metric WHERE step=-1 ORDER BY trial_id,attempt,name");
  while (q.step()) {
    TrialRecord* trial = find_trial(trials, q.integer(0));
    DSNN_ASSERT(trial != nullptr);
    set_metric(trial->metrics, q.text(1), from_columns(q.number(2), q.text(3)));
  }
  for (TrialRecord& t : trials) {
    std::sort(t.metrics.begin(), t.metrics.end(), [](const Metric& a, const Metric& b) { return a.name < b.name; });
  }
}

std::vector<AttemptRecord> SqliteStore::attempts(int64_t trial) const {
  std::vector<AttemptRecord> out;
  auto q = database_->query(
      "SELECT attempt,worker_id,host,coalesce(outcome,''),pid,start_us,end_us,peak_rss_bytes,exit_code,signal "
      "FROM attempt WHERE trial_id=? ORDER BY attempt");
  q.bind(trial);
  while (q.step()) {
    out.push_back({.trial = trial,
                   .attempt = static_cast<int>(q.integer(0)),
                   .worker = q.text(1),
                   .host = q.text(2),
                   .outcome = q.text(3),
                   .pid = q.integer(4),
                   .start_us = q.integer(5),
                   .end_us = q.integer(6),
                   .peak_rss_bytes = q.integer(7),
                   .exit_code = static_cast<int>(q.integer(8)),
                   .signal = static_cast<int>(q.integer(9))});
  }
  return out;
}

std::vector<EpochMetric> SqliteStore::epoch_metrics(int64_t trial) const {
  std::vector<EpochMetric> out;
  // SQLite takes bare columns from the row of max(): the newest attempt that reported this step.
  auto q = database_->query(
      "SELECT step,name,value,kind,wall_s,max(attempt) FROM metric WHERE trial_id=? AND step>=0 "
      "GROUP BY step,name ORDER BY step,name");
  q.bind(trial);
  while (q.step()) out.push_back({q.integer(0), q.text(1), from_columns(q.number(2), q.text(3)), q.number(4)});
  return out;
}

std::vector<EnergyReading> SqliteStore::readings(int64_t trial) const {
  std::vector<EnergyReading> out;
  auto q = database_->query(
      "SELECT meter,source,scope,attribution,step,joules,sigma_j,seconds,why_missing FROM reading WHERE trial_id=? "
      "ORDER BY attempt,step,scope,meter");
  q.bind(trial);
  while (q.step()) {
    out.push_back({.meter = q.text(0),
                   .source = q.text(1),
                   .scope = q.text(2),
                   .attribution = q.text(3),
                   .step = q.text(4),
                   .joules = q.maybe_number(5),
                   .sigma_joules = q.number(6),
                   .seconds = q.number(7),
                   .why_missing = q.text(8)});
  }
  return out;
}

std::vector<ArtifactRecord> SqliteStore::artifacts(int64_t trial) const {
  std::vector<ArtifactRecord> out;
  auto q = database_->query("SELECT kind,path,sha256,bytes,step FROM artifact WHERE trial_id=? ORDER BY artifact_id");
  q.bind(trial);
  while (q.step()) {
    out.push_back({.trial = trial,
                   .kind = q.text(0),
                   .path = q.text(1),
                   .sha256 = q.text(2),
                   .bytes = q.integer(3),
                   .step = q.integer(4)});
  }
  return out;
}

std::vector<EventRecord> SqliteStore::events(int64_t after_id) const {
  std::vector<EventRecord> out;
  auto q = database_->query("SELECT event_id,trial_id,ts_us,kind,json FROM event WHERE event_id>? ORDER BY event_id");
  q.bind(after_id);
  while (q.step()) {
    out.push_back({.id = q.integer(0),
                   .trial = q.maybe_integer(1),
                   .time_us = q.integer(2),
                   .kind = q.text(3),
                   .json = parse_json(q.text(4))});
  }
  return out;
}

}  // namespace dsnn::store
