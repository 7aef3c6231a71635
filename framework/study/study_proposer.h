#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "dsnn/acquisition.h"
#include "dsnn/fidelity_scheduler.h"
#include "study/limit_tracker.h"

namespace dsnn::study {

/// What proposals may see: finished trials in number order and those that still run, with a running digest of both.
class View {
 public:
  void add_running(const TrialRequest& request);
  /// Moves a trial from running to finished.
  void finish(const Evaluation& evaluation);

  const std::vector<Evaluation>& finished() const { return finished_; }
  std::vector<TrialRequest> running() const;
  /// The configurations of all of them.
  const ConfigurationSet& known() const { return known_; }
  /// Digest of everything above: equal digests, equal views.
  std::string hash() const;

 private:
  std::vector<Evaluation> finished_;  // by number
  std::map<int64_t, TrialRequest> running_;
  ConfigurationSet known_;
  uint64_t chain_ = 0;
};

/// Gives configurations to the scheduler: from the acquisition strategy, or on replay from the recorded trial.
class StudyProposer : public Proposer {
 public:
  StudyProposer(const config::ExperimentSpec& spec, AcquisitionStrategy* acquisition, const View& view,
                const LimitTracker& limits);

  std::optional<Configuration> propose(const Ask& ask) override;
  int64_t next_number() const override { return next_number_; }

  /// Prepares one call of FidelityScheduler::next. With `recorded`, the trial that this call once made, propose()
  /// answers as it did then: the trial's configuration, or nothing when the trial continues another.
  void begin(int64_t number, const TrialRequest* recorded);
  /// The digest of the view of the last proposal, "" when none was made since begin().
  const std::string& view_hash() const { return view_hash_; }
  /// propose() refused because limits.configurations is reached.
  bool limit_hit() const { return limit_hit_; }

 private:
  const config::ExperimentSpec& spec_;
  AcquisitionStrategy* acquisition_;
  const View& view_;
  const LimitTracker& limits_;
  const TrialRequest* recorded_ = nullptr;
  int64_t next_number_ = 0;
  std::string view_hash_;
  bool limit_hit_ = false;
};

}  // namespace dsnn::study
