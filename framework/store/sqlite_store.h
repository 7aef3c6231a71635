#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/database.h"
#include "store/store.h"

namespace dsnn::store {

/// The embedded store. Writers in sqlite_store.cpp, readers in sqlite_reader.cpp. One thread.
class SqliteStore final : public Store {
 public:
  SqliteStore(const std::filesystem::path& file, Open mode);
  ~SqliteStore() override;

  std::optional<StudyRecord> study() const override;
  void create_study(const StudyRecord& study, const std::vector<PluginRecord>& plugins) override;
  void set_study_state(const std::string& state, const std::string& stopped_by) override;
  void replace_spec(const std::string& spec_json, const std::string& spec_yaml) override;
  std::vector<PluginRecord> plugins() const override;

  void add_trial(const TrialRequest& request, const std::string& view_hash) override;
  int64_t claim(int64_t number, const std::string& worker, int64_t pid) override;
  bool tell(const Evaluation& evaluation, int64_t fence, const AttemptRecord& attempt) override;
  void release(int64_t number, const AttemptRecord& attempt, bool preempted) override;
  void observed(int64_t number) override;
  void add_epoch_metrics(int64_t trial, int attempt, const std::vector<EpochMetric>& metrics) override;
  void add_artifact(const ArtifactRecord& artifact) override;
  void remove_artifacts(int64_t trial, const std::string& kind) override;
  void add_event(std::optional<int64_t> trial, const std::string& kind, const Value& json) override;
  void set_static_metrics(int64_t trial, const std::vector<Metric>& metrics) override;

  std::vector<TrialRecord> trials() const override;
  std::vector<AttemptRecord> attempts(int64_t trial) const override;
  std::vector<EpochMetric> epoch_metrics(int64_t trial) const override;
  std::vector<EnergyReading> readings(int64_t trial) const override;
  std::vector<ArtifactRecord> artifacts(int64_t trial) const override;
  std::vector<EventRecord> events(int64_t after_id) const override;

 protected:
  void begin_batch() override;
  void commit_batch() override;
  void drop_batch() noexcept override;

 private:
  void insert_event(std::optional<int64_t> trial, const std::string& kind, const Value& json);
  void insert_values(const Evaluation& evaluation);
  void insert_metrics(const Evaluation& evaluation, int64_t fence);
  void insert_readings(const Evaluation& evaluation, int64_t fence);
  void end_attempt(int64_t trial, int64_t fence, const AttemptRecord& attempt, const std::string& outcome,
                   std::optional<double> energy_j);
  void keep_stale(const Evaluation& evaluation, int64_t fence, const AttemptRecord& attempt);
  void read_values(std::vector<TrialRecord>& trials) const;
  void read_final_metrics(std::vector<TrialRecord>& trials) const;
  std::vector<Target> read_targets() const;

  std::unique_ptr<Database> database_;
  std::optional<Transaction> batch_;
};

}  // namespace dsnn::store
