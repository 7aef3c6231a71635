#include "store/trial_table.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "dsnn/search_space.h"
#include "store/csv.h"
#include "store/file.h"
#include "store/trial_columns.h"

namespace dsnn::store {
namespace {

/// What the columns are made of, read once.
struct Table {
  std::vector<TrialRecord> trials;  // finished ones
  std::vector<Target> objectives, constraints;
  std::vector<std::string> budget_axes, parameters;
  std::set<std::string> reproducible;  // metrics
  std::vector<std::string> metrics;    // reproducible ones that are no target, by name
  std::vector<std::string> measured;
};

std::vector<std::string> budget_columns(const StudyRecord& study, const std::vector<TrialRecord>& trials) {
  size_t axes = study.budget_axes.size();
  for (const TrialRecord& t : trials) axes = std::max(axes, t.request.budget.value.size());
  std::vector<std::string> out;
  for (size_t i = 0; i < axes; ++i) {
    out.push_back(i < study.budget_axes.size() ? study.budget_axes[i] : std::to_string(i));
  }
  return out;
}

Table read_table(const Store& store) {
  Table table;
  const auto study = store.study();
  if (!study) return table;
  table.trials = store.trials();
  std::erase_if(table.trials, [](const TrialRecord& t) { return !is_finished(t.state); });
  table.objectives = targets_of(study->targets, Target::Role::objective);
  table.constraints = targets_of(study->targets, Target::Role::constraint);
  table.budget_axes = budget_columns(*study, table.trials);
  if (!study->space.is_null()) {
    const SearchSpace space = SearchSpace::from_json(study->space);
    for (const Parameter& p : space.parameters()) table.parameters.push_back(p.id);
  }
  std::set<std::string> targets;
  for (const auto* list : {&table.objectives, &table.constraints}) {
    for (const Target& t : *list) {
      if (t.at == "last") targets.insert(t.metric);
    }
  }
  std::set<std::string> metrics;
  for (const TrialRecord& t : table.trials) {
    for (const Metric& m : t.metrics) metrics.insert(m.name);
  }
  for (const Target& t : targets_of(study->targets, Target::Role::recorded)) table.reproducible.insert(t.metric);
  for (const std::string& name : metrics) {
    if (targets.contains(name)) continue;  // its column has the target's name
    (table.reproducible.contains(name) ? table.metrics : table.measured).push_back(name);
  }
  return table;
}

std::string metric_text(const TrialRecord& trial, const std::string& name) {
  const Metric* found = find_metric(trial.metrics, name);
  return found != nullptr ? number_text(found->value) : "";
}

/// The default configuration is evaluated before any bracket begins.
bool outside_brackets(const TrialRequest& request) { return request.origin == Origin::default_; }

std::string fail_text(const TrialRecord& t) { return t.fail == FailKind::none ? "" : to_string(t.fail); }

std::vector<std::string> header_of(const Table& table, Columns columns) {
  std::vector<std::string> out(kTrialColumns.begin(), kTrialColumns.end());
  for (const std::string& axis : table.budget_axes) out.push_back("budget." + axis);
  out.insert(out.end(), table.parameters.begin(), table.parameters.end());
  for (const Target& t : table.objectives) out.push_back(t.name);
  for (const Target& t : table.constraints) out.push_back(t.name);
  out.insert(out.end(), table.metrics.begin(), table.metrics.end());
  if (columns == Columns::reproducible) return out;
  out.insert(out.end(), kAttemptColumns.begin(), kAttemptColumns.end());
  out.insert(out.end(), table.measured.begin(), table.measured.end());
  return out;
}

void append_values(std::vector<std::string>& row, const std::vector<Target>& targets,
                   const std::vector<Measured>& values) {
  for (size_t i = 0; i < targets.size(); ++i) row.push_back(i < values.size() ? number_text(values[i].value) : "");
}

std::vector<std::string> row_of(const Table& table, const TrialRecord& t) {
  const TrialRequest& r = t.request;
  std::vector<std::string> row = {std::to_string(r.number),
                                  r.parent ? std::to_string(*r.parent) : "",
                                  to_string(r.origin),
                                  to_string(t.state),
                                  fail_text(t),
                                  outside_brackets(r) ? "" : std::to_string(r.budget.bracket),
                                  outside_brackets(r) ? "" : std::to_string(r.budget.rung)};
  for (size_t i = 0; i < table.budget_axes.size(); ++i) {
    row.push_back(i < r.budget.value.size() ? number_text(r.budget.value[i]) : "");
  }
  for (const std::string& id : table.parameters) {
    const Value* value = r.configuration.find(id);
    row.push_back(value ? to_text(*value) : "");
  }
  append_values(row, table.objectives, t.objectives);
  append_values(row, table.constraints, t.constraints);
  for (const std::string& name : table.metrics) row.push_back(metric_text(t, name));
  return row;
}

AttemptRecord last_attempt(const Store& store, int64_t trial) {
  const auto attempts = store.attempts(trial);
  return attempts.empty() ? AttemptRecord{} : attempts.back();
}

void append_all(std::vector<std::string>& row, const Table& table, const Store& store, const TrialRecord& t) {
  const AttemptRecord last = last_attempt(store, t.request.number);
  for (std::string& cell : std::vector<std::string>{
           std::to_string(t.request.root), std::to_string(t.request.replicate), std::to_string(t.request.seed),
           number_text(t.resource), std::to_string(t.attempts), std::to_string(t.preemptions), last.worker, last.host,
           std::to_string(t.claimed_us), std::to_string(t.started_us), std::to_string(t.finished_us),
           number_text(t.seconds), std::to_string(last.peak_rss_bytes), t.message}) {
    row.push_back(std::move(cell));
  }
  for (const std::string& name : table.measured) row.push_back(metric_text(t, name));
}

Value values_json(const std::vector<Target>& targets, const std::vector<Measured>& values) {
  Value map = Value::map();
  for (size_t i = 0; i < targets.size() && i < values.size(); ++i) map.set(targets[i].name, values[i].value);
  return map;
}

Value reading_json(const EnergyReading& r) {
  Value v = Value::map();
  v.set("meter", r.meter);
  v.set("source", r.source);
  v.set("scope", r.scope);
  v.set("attribution", r.attribution);
  v.set("step", r.step);
  v.set("joules", r.joules ? Value(*r.joules) : Value());
  v.set("sigma_j", r.sigma_joules);
  v.set("seconds", r.seconds);
  if (!r.why_missing.empty()) v.set("why_missing", r.why_missing);
  return v;
}

Value trial_json(const Table& table, const Store& store, const TrialRecord& t, Columns columns) {
  const TrialRequest& r = t.request;
  Value v = Value::map();
  v.set("number", r.number);
  v.set("parent", r.parent ? Value(*r.parent) : Value());
  v.set("origin", to_string(r.origin));
  v.set("state", to_string(t.state));
  v.set("fail_kind", t.fail == FailKind::none ? Value() : Value(to_string(t.fail)));
  v.set("bracket", outside_brackets(r) ? Value() : Value(r.budget.bracket));
  v.set("rung", outside_brackets(r) ? Value() : Value(r.budget.rung));
  Value budget = Value::map();
  for (size_t i = 0; i < r.budget.value.size(); ++i) budget.set(table.budget_axes[i], r.budget.value[i]);
  v.set("budget", budget);
  v.set("configuration", parse_json(r.configuration.to_json()));
  v.set("objectives", values_json(table.objectives, t.objectives));
  v.set("constraints", values_json(table.constraints, t.constraints));
  Value metrics = Value::map();
  for (const Metric& m : t.metrics) {
    if (columns == Columns::all || table.reproducible.contains(m.name)) metrics.set(m.name, m.value);
  }
  v.set("metrics", metrics);
  if (columns == Columns::reproducible) return v;
  const AttemptRecord last = last_attempt(store, r.number);
  v.set("root", r.root);
  v.set("replicate", r.replicate);
  v.set("seed", std::to_string(r.seed));
  v.set("resource", t.resource);
  v.set("attempts", t.attempts);
  v.set("preemptions", t.preemptions);
  v.set("worker", last.worker);
  v.set("host", last.host);
  v.set("claimed_us", t.claimed_us);
  v.set("started_us", t.started_us);
  v.set("finished_us", t.finished_us);
  v.set("seconds", t.seconds);
  v.set("message", t.message);
  Value readings = Value::list();
  for (const EnergyReading& reading : store.readings(r.number)) readings.push_back(reading_json(reading));
  v.set("readings", readings);
  return v;
}

}  // namespace

bool is_failure(TrialState state) { return state == TrialState::failed || state == TrialState::diverged; }
bool is_finished(TrialState state) { return state != TrialState::waiting && state != TrialState::running; }

std::vector<Target> targets_of(const std::vector<Target>& targets, Target::Role role) {
  std::vector<Target> out;
  std::copy_if(targets.begin(), targets.end(), std::back_inserter(out),
               [&](const Target& t) { return t.role == role; });
  return out;
}

std::string trial_table_csv(const Store& store, Columns columns) {
  const Table table = read_table(store);
  const auto csv = columns == Columns::all ? csv_row_for_people : csv_row;
  std::string out = csv(header_of(table, columns));
  for (const TrialRecord& t : table.trials) {
    std::vector<std::string> row = row_of(table, t);
    if (columns == Columns::all) append_all(row, table, store, t);
    out += csv(row);
  }
  return out;
}

std::string trial_table_sha256(const Store& store) { return sha256_hex(trial_table_csv(store, Columns::reproducible)); }

std::string trial_table_jsonl(const Store& store, Columns columns) {
  const Table table = read_table(store);
  std::string out;
  for (const TrialRecord& t : table.trials) out += to_json(trial_json(table, store, t, columns)) + "\n";
  return out;
}

}  // namespace dsnn::store
