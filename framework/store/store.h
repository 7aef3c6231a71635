#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dsnn/types.h"
#include "dsnn/value.h"

namespace dsnn::store {

/// The one study of an embedded store.
struct StudyRecord {
  std::string name, uuid, spec_json, spec_sha256, spec_yaml, state;  ///< state: running, finished, interrupted
  std::string stopped_by;                                            ///< the limit that ended it, "" = none yet
  uint64_t seed = 0;
  std::string algorithm;
  int64_t created_us = 0;
  std::vector<Target> targets;           ///< objectives, constraints, recorded: in this order
  Value space;                           ///< SearchSpace::to_json()
  std::vector<std::string> budget_axes;  ///< names as declared ("epochs"); empty = no fidelity
  std::optional<double> full_budget;     ///< on the first of them
  bool front_of_any_budget = false;      ///< trials below it may be on the front (rule 16)
};

/// A trial row with everything later readers need.
struct TrialRecord {
  TrialRequest request;
  TrialState state = TrialState::waiting;
  FailKind fail = FailKind::none;
  std::string message;
  std::vector<Measured> objectives, constraints;
  std::vector<Metric> metrics;  ///< final ones, static ones included, by name
  double resource = 0;          ///< full-training equivalents spent on its weights, by itself and what it went on from
  double seconds = 0;
  std::string checkpoint;
  std::string view_hash;  ///< digest of what its proposal saw
  int attempts = 0, preemptions = 0;
  int64_t fence = 0, claimed_us = 0, started_us = 0, finished_us = 0;
};

struct AttemptRecord {
  int64_t trial = 0;
  int attempt = 0;                    ///< the fence of its claim; set by the store
  std::string worker, host, outcome;  ///< outcome: complete, failed, preempted, lost, recycled, stale_result; "" = open
  int64_t pid = 0, start_us = 0, end_us = 0, peak_rss_bytes = 0;
  int exit_code = 0, signal = 0;
};

struct EpochMetric {
  int64_t step = 0;
  std::string name;
  double value = 0;
  double wall_seconds = 0;
};

struct ArtifactRecord {
  int64_t trial = 0;
  std::string kind, path, sha256;  ///< path relative to the run folder
  int64_t bytes = 0, step = 0;
};

struct EventRecord {
  int64_t id = 0;
  std::optional<int64_t> trial;
  int64_t time_us = 0;
  /// Written by the store itself: proposed, claimed, finished, released, stale_result, observed. By the driver through
  /// add_event: epoch, resumed, stopped, warning.
  std::string kind;
  Value json;
};

struct PluginRecord {
  std::string name, version, abi, sha256;
};

/// The primary record of a study. One writer (the driver, one thread); any number of readers in other processes.
///
/// Every write is one durable transaction unless grouped by `Batch` (epoch metrics and driver events may be lost with
/// the power, not with the process). Throws ExitError 69 (unreachable, locked beyond
/// its timeout), 74 (disk full, I/O), 78 (written by a newer version).
class Store {
 public:
  virtual ~Store();

  virtual std::optional<StudyRecord> study() const = 0;
  virtual void create_study(const StudyRecord& study, const std::vector<PluginRecord>& plugins) = 0;
  virtual void set_study_state(const std::string& state, const std::string& stopped_by) = 0;
  virtual void replace_spec(const std::string& spec_json, const std::string& spec_yaml) = 0;  ///< raised limits
  virtual std::vector<PluginRecord> plugins() const = 0;

  /// State waiting; also the event `proposed` {view_hash, origin, bracket, rung}. The number must be the next one.
  virtual void add_trial(const TrialRequest& request, const std::string& view_hash) = 0;
  /// State running, fence + 1, a new attempt with the fence as its number; returns the fence. A trial that is still
  /// `running` belongs to a dead driver (the run lock is the lease): its open attempt ends as `lost`, uncounted.
  /// A finished or unknown trial throws (a broken invariant).
  virtual int64_t claim(int64_t number, const std::string& worker, int64_t pid) = 0;
  /// Values, state, metrics, readings and the attempt's end in one transaction; of the request, where the trial really
  /// started from. False when the fence is stale: the result is kept aside in the event `stale_result`.
  virtual bool tell(const Evaluation& evaluation, int64_t fence, const AttemptRecord& attempt) = 0;
  /// Back to waiting; preempted attempts do not count in TrialRecord::attempts.
  virtual void release(int64_t number, const AttemptRecord& attempt, bool preempted) = 0;
  /// The scheduler has been told of this trial (the event `observed`, in call order).
  virtual void observed(int64_t number) = 0;

  virtual void add_epoch_metrics(int64_t trial, int attempt, const std::vector<EpochMetric>& metrics) = 0;
  virtual void add_artifact(const ArtifactRecord& artifact) = 0;
  /// Rows only. Of kind `checkpoint` it also clears TrialRecord::checkpoint.
  virtual void remove_artifacts(int64_t trial, const std::string& kind) = 0;
  virtual void add_event(std::optional<int64_t> trial, const std::string& kind, const Value& json) = 0;
  /// The analytic metrics of a trial, known before training.
  virtual void set_static_metrics(int64_t trial, const std::vector<Metric>& metrics) = 0;

  virtual std::vector<TrialRecord> trials() const = 0;  ///< by number
  virtual std::vector<AttemptRecord> attempts(int64_t trial) const = 0;
  virtual std::vector<EpochMetric> epoch_metrics(int64_t trial) const = 0;  ///< of the last attempt of each step
  virtual std::vector<EnergyReading> readings(int64_t trial) const = 0;
  virtual std::vector<ArtifactRecord> artifacts(int64_t trial) const = 0;
  virtual std::vector<EventRecord> events(int64_t after_id = 0) const = 0;

 protected:
  friend class Batch;
  virtual void begin_batch() {}
  virtual void commit_batch() {}
  virtual void drop_batch() noexcept {}
};

/// Groups writes into one durable transaction, from here to commit(). Without commit() nothing of it is kept.
class Batch {
 public:
  explicit Batch(Store& store) : store_(store) { store_.begin_batch(); }
  ~Batch() {
    if (open_) store_.drop_batch();
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  void commit() {
    store_.commit_batch();
    open_ = false;
  }

 private:
  Store& store_;
  bool open_ = true;
};

enum class Open { create, read_write, read_only };

/// The embedded store: SQLite in WAL mode. `create` makes the file or opens an existing one; `read_only` never blocks
/// the driver and works while it runs. Also throws ExitError 73 (cannot create, or a network file system).
std::unique_ptr<Store> open_sqlite(const std::filesystem::path& file, Open mode);

}  // namespace dsnn::store
