#pragma once

#include <string_view>

namespace dsnn::store {

/// Store schema 1. Times `*_us` are integer microseconds since the epoch, durations `_s`, memory `_bytes`, energy `_j`.
///
/// SQLite turns NaN into NULL, so every measured number has a `kind` beside it: finite, nan, pinf, ninf. In the
/// embedded store there is one study, and trial_id equals number. `metric.step` is -1 for the final values of a
/// trial. An attempt's number is the fence of its claim. The views trials, front and energy are for readers in any
/// language and part of the contract; they call no JSON function, because SQLite refuses those in views to connections
/// that trust no schema. Which trials may be on the front is in meta: `full_budget` on the first axis (none without
/// budgets) and `front`, which is `top` or `any`.
inline constexpr std::string_view kSchemaVersion1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE study(
  study_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  uuid TEXT NOT NULL,
  spec_yaml TEXT NOT NULL,
  spec_json TEXT NOT NULL,
  spec_sha256 TEXT NOT NULL,
  space_json TEXT NOT NULL,
  budget_axes_json TEXT NOT NULL,
  seed INTEGER NOT NULL,
  algo TEXT NOT NULL,
  algo_version TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('running','finished','interrupted')),
  stopped_by TEXT NOT NULL DEFAULT '',
  created_us INTEGER NOT NULL) STRICT;

CREATE TABLE target(
  study_id INTEGER NOT NULL REFERENCES study,
  idx INTEGER NOT NULL,
  role TEXT NOT NULL CHECK(role IN ('objective','constraint','recorded')),
  name TEXT NOT NULL,
  metric TEXT NOT NULL,
  goal TEXT NOT NULL CHECK(goal IN ('minimize','maximize')),
  bound_min REAL,
  bound_max REAL,
  bound REAL GENERATED ALWAYS AS (coalesce(bound_max, bound_min)) VIRTUAL,
  unit TEXT NOT NULL DEFAULT '',
  reference REAL,
  at TEXT NOT NULL DEFAULT 'last',
  meter TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(study_id, idx)) STRICT, WITHOUT ROWID;

CREATE TABLE space(
  study_id INTEGER NOT NULL REFERENCES study,
  version INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY(study_id, version)) STRICT, WITHOUT ROWID;

CREATE TABLE trial(
  trial_id INTEGER PRIMARY KEY,
  study_id INTEGER NOT NULL REFERENCES study,
  number INTEGER NOT NULL,
  root_trial_id INTEGER NOT NULL,
  parent_trial_id INTEGER REFERENCES trial,
  replicate INTEGER NOT NULL DEFAULT 0,
  origin TEXT NOT NULL CHECK(origin IN ('proposed','promoted','default','enqueued','imported','replicate')),
  space_version INTEGER NOT NULL DEFAULT 1,
  config_json TEXT NOT NULL,
  config_hash TEXT NOT NULL,
  seed INTEGER NOT NULL,
  bracket INTEGER NOT NULL,
  rung INTEGER NOT NULL,
  budget_json TEXT NOT NULL,
  budget_resource REAL NOT NULL,
  resource REAL NOT NULL DEFAULT 0,
  start_artifact_id INTEGER REFERENCES artifact ON DELETE SET NULL,
  start_from TEXT,
  static_json TEXT NOT NULL DEFAULT '{}',
  state TEXT NOT NULL DEFAULT 'waiting'
    CHECK(state IN ('waiting','running','complete','pruned','failed','diverged','infeasible')),
  attempts INTEGER NOT NULL DEFAULT 0,
  preemptions INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  lease_owner TEXT,
  lease_expires_us INTEGER,
  claimed_us INTEGER,
  started_us INTEGER,
  finished_us INTEGER,
  seconds REAL NOT NULL DEFAULT 0,
  checkpoint TEXT NOT NULL DEFAULT '',
  fail_kind TEXT NOT NULL DEFAULT 'none' CHECK(fail_kind IN ('none','exception','signal','timeout','stall','oom',
    'gpu_oom','plugin','lost','cancelled')),
  fail_msg TEXT NOT NULL DEFAULT '',
  view_hash TEXT NOT NULL DEFAULT '',
  UNIQUE(study_id, number)) STRICT;
CREATE INDEX trial_waiting ON trial(study_id, number) WHERE state = 'waiting';
CREATE INDEX trial_lease ON trial(lease_expires_us) WHERE state = 'running';
CREATE INDEX trial_config ON trial(study_id, config_hash);

CREATE TABLE trial_value(
  trial_id INTEGER NOT NULL REFERENCES trial,
  idx INTEGER NOT NULL,
  value REAL,
  std_error REAL,
  kind TEXT NOT NULL CHECK(kind IN ('finite','nan','pinf','ninf')),
  PRIMARY KEY(trial_id, idx)) STRICT, WITHOUT ROWID;

CREATE TABLE metric(
  trial_id INTEGER NOT NULL REFERENCES trial,
  attempt INTEGER NOT NULL,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,
  value REAL,
  kind TEXT NOT NULL CHECK(kind IN ('finite','nan','pinf','ninf')),
  wall_s REAL NOT NULL DEFAULT 0,
  PRIMARY KEY(trial_id, attempt, step, name)) STRICT, WITHOUT ROWID;

CREATE TABLE artifact(
  artifact_id INTEGER PRIMARY KEY,
  trial_id INTEGER NOT NULL REFERENCES trial,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  step INTEGER NOT NULL,
  created_us INTEGER NOT NULL) STRICT;
CREATE INDEX artifact_trial ON artifact(trial_id, kind);

CREATE TABLE attempt(
  trial_id INTEGER NOT NULL REFERENCES trial,
  attempt INTEGER NOT NULL,
  worker_id TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  slurm_job TEXT,
  fence INTEGER NOT NULL,
  start_us INTEGER NOT NULL,
  end_us INTEGER,
  outcome TEXT CHECK(outcome IN ('complete','failed','preempted','lost','recycled','stale_result')),
  exit_code INTEGER,
  signal INTEGER,
  peak_rss_bytes INTEGER,
  gpu_bytes INTEGER,
  energy_j REAL,
  PRIMARY KEY(trial_id, attempt)) STRICT, WITHOUT ROWID;

CREATE TABLE worker(
  worker_id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started_us INTEGER NOT NULL,
  last_beat_us INTEGER NOT NULL,
  capabilities_json TEXT NOT NULL DEFAULT '{}') STRICT, WITHOUT ROWID;

CREATE TABLE event(
  event_id INTEGER PRIMARY KEY AUTOINCREMENT,
  study_id INTEGER NOT NULL REFERENCES study,
  trial_id INTEGER,
  ts_us INTEGER NOT NULL,
  kind TEXT NOT NULL,
  json TEXT NOT NULL) STRICT;

CREATE TABLE plugin(
  study_id INTEGER NOT NULL REFERENCES study,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  abi TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY(study_id, name)) STRICT, WITHOUT ROWID;

CREATE TABLE reading(
  trial_id INTEGER NOT NULL REFERENCES trial,
  attempt INTEGER NOT NULL,
  step TEXT NOT NULL,
  scope TEXT NOT NULL,
  meter TEXT NOT NULL,
  source TEXT NOT NULL,
  joules REAL,
  sigma_j REAL NOT NULL DEFAULT 0,
  seconds REAL NOT NULL DEFAULT 0,
  attribution TEXT NOT NULL DEFAULT '',
  energy_above_idle_j REAL,
  idle_watts REAL,
  why_missing TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(trial_id, attempt, step, scope, meter)) STRICT, WITHOUT ROWID;

CREATE VIEW trials AS
SELECT t.number, t.parent_trial_id AS parent, t.root_trial_id AS root, t.origin, t.state,
  CASE t.fail_kind WHEN 'none' THEN NULL ELSE t.fail_kind END AS fail_kind, t.fail_msg AS message,
  t.bracket, t.rung, t.budget_json AS budget, t.resource, t.config_json AS configuration,
  (SELECT '{' || coalesce(group_concat('"' || replace(replace(g.name, '\', '\\'), '"', '\"') || '":' ||
     CASE v.kind WHEN 'finite' THEN printf('%!.17g', v.value) ELSE 'null' END), '') || '}' FROM trial_value v
     JOIN target g ON g.study_id = t.study_id AND g.idx = v.idx
   WHERE v.trial_id = t.trial_id AND g.role = 'objective') AS objectives,
  (SELECT '{' || coalesce(group_concat('"' || replace(replace(g.name, '\', '\\'), '"', '\"') || '":' ||
     CASE v.kind WHEN 'finite' THEN printf('%!.17g', v.value) ELSE 'null' END), '') || '}' FROM trial_value v
     JOIN target g ON g.study_id = t.study_id AND g.idx = v.idx
   WHERE v.trial_id = t.trial_id AND g.role = 'constraint') AS constraints,
  t.attempts, t.preemptions, t.seconds, t.claimed_us, t.finished_us
FROM trial t;

CREATE VIEW front AS
WITH ready AS (
  SELECT t.trial_id FROM trial t
  WHERE t.state = 'complete'
    AND (EXISTS (SELECT 1 FROM meta WHERE key = 'front' AND value = 'any')
         OR CAST(substr(t.budget_json, 2) AS REAL) =
            coalesce((SELECT CAST(value AS REAL) FROM meta WHERE key = 'full_budget'),
                     (SELECT max(CAST(substr(budget_json, 2) AS REAL)) FROM trial)))
    AND EXISTS (SELECT 1 FROM target WHERE role = 'objective')
    AND NOT EXISTS (SELECT 1 FROM target g
                      LEFT JOIN trial_value v ON v.trial_id = t.trial_id AND v.idx = g.idx
                    WHERE g.role IN ('objective', 'constraint')
                      AND (v.kind IS NOT 'finite' OR (g.role = 'constraint' AND
                           (v.value < coalesce(g.bound_min, v.value) OR v.value > coalesce(g.bound_max, v.value)))))),
cost AS (
  SELECT v.trial_id, v.idx, CASE g.goal WHEN 'maximize' THEN -v.value ELSE v.value END AS value
  FROM trial_value v JOIN target g ON g.idx = v.idx AND g.role = 'objective' WHERE v.trial_id IN ready)
SELECT s.* FROM trials s
WHERE s.number IN (SELECT t.number FROM trial t WHERE t.trial_id IN ready AND NOT EXISTS (
  SELECT 1 FROM ready o
  WHERE o.trial_id <> t.trial_id
    AND NOT EXISTS (SELECT 1 FROM cost a JOIN cost b ON b.idx = a.idx AND b.trial_id = t.trial_id
                    WHERE a.trial_id = o.trial_id AND a.value > b.value)
    AND EXISTS (SELECT 1 FROM cost a JOIN cost b ON b.idx = a.idx AND b.trial_id = t.trial_id
                WHERE a.trial_id = o.trial_id AND a.value < b.value)));

CREATE VIEW energy AS
SELECT t.number, r.attempt, r.step, r.scope, r.meter, r.source, r.joules, r.sigma_j, r.seconds, r.attribution,
  r.energy_above_idle_j, r.idle_watts, r.why_missing
FROM reading r JOIN trial t ON t.trial_id = r.trial_id;
)sql";

}  // namespace dsnn::store
