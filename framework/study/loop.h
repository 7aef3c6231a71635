#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/spec.h"
#include "dsnn/acquisition.h"
#include "dsnn/fidelity_scheduler.h"
#include "store/store.h"
#include "store/trial_table.h"
#include "study/limit_tracker.h"
#include "study/retention.h"
#include "study/study.h"
#include "study/study_proposer.h"
#include "study/trial_runner.h"

namespace dsnn::study {

using store::is_failure;
using store::is_finished;

/// A snapshot for people who watch.
struct LoopStatus {
  int64_t trials = 0, finished = 0, running = 0, failed = 0, waiting = 0;
  int64_t refused = 0;  ///< by a constraint known before training; not among the finished
  std::vector<int64_t> front;
  double wall_seconds = 0;     ///< of all sessions
  double session_seconds = 0;  ///< of this one
  int64_t session_finished = 0;
  double energy_kwh = 0, emissions_kg = 0;
};

/// Is told what happens, in the driver thread. Every method may be left as it is.
class LoopObserver {
 public:
  virtual ~LoopObserver() = default;
  virtual void resumed(int64_t finished, int64_t unfinished) {
    static_cast<void>(finished), static_cast<void>(unfinished);
  }
  virtual void started(const TrialRequest& request, int attempt) {
    static_cast<void>(request), static_cast<void>(attempt);
  }
  virtual void finished(const store::TrialRecord& record) { static_cast<void>(record); }
  virtual void warning(std::string_view text) { static_cast<void>(text); }
  virtual void status(const LoopStatus& status, const std::vector<store::TrialRecord>& records) {
    static_cast<void>(status), static_cast<void>(records);
  }
};

/// What a loop works with. References must outlive it.
struct LoopSetup {
  const config::ExperimentSpec& spec;
  store::Store& store;
  TrialRunner& runner;
  FidelityScheduler* scheduler = nullptr;  ///< started by the loop; nullptr = one trial
  AcquisitionStrategy* acquisition = nullptr;
  std::filesystem::path run_folder;
  LoopObserver* observer = nullptr;
  /// Adds energy and emissions to an evaluation's metrics, given the trials whose training it went on with, root first.
  std::function<void(Evaluation& evaluation, const std::vector<const store::TrialRecord*>& ancestors)> account;
  double kg_per_kwh = 0;  ///< for limits.emissions_kg
};

struct LoopResult {
  std::string stopped_by;  ///< the limit or kNothingFeasible; "" when the search space or the file was done
  bool interrupted = false;
  int64_t cut_off = 0;  ///< trials that the limit stopped with their checkpoints
  LoopStatus status;
};

/// The ask-and-tell loop of one study: asks the scheduler, hands trials to the runner, records and tells results.
///
/// In deterministic mode the sequence of scheduler calls is a function of results only: results are observed in number
/// order, exactly max(0, n - lookback) of them before request n, and one more each time nothing can start. Everything
/// is durable before it is acted on, so a loop made over the same store goes on where another was killed.
class Loop {
 public:
  explicit Loop(LoopSetup setup);

  /// Runs until a limit, the end of the space, or a stop request. Throws ConfigError when the first trial shows that
  /// the experiment cannot work here (missing data), after giving back what ran.
  LoopResult run();

  const std::vector<store::TrialRecord>& records() const { return records_; }

 private:
  void start_scheduler();
  void replay();
  void observe_finished();
  void replay_proposed(const TrialRequest& recorded, const std::string& view_hash);
  void reclaim();
  bool fill_one();
  bool ask();
  bool ask_scheduler();
  bool may_take_back() const;
  bool observe_next();
  void observe(int64_t number);
  void add_trial(TrialRequest request, const std::string& view_hash);
  bool start(int64_t number, const WorkerSlot& slot);
  void handle(const RunnerEvents& events);
  void take(Outcome outcome);
  void take_loss(Outcome outcome);
  void take_config_error(Outcome outcome);
  void give_back(const Outcome& outcome, bool preempted);
  void conclude(Outcome outcome);
  void take_back(int64_t number);
  void note_data(const Evaluation& evaluation);
  void note_opening();
  void warn(std::optional<int64_t> number, const std::string& text);
  void react_to_stop();
  void react_to_overrun();
  void release_running(const std::string& outcome);
  LoopStatus status() const;
  void publish();
  bool first_finished() const;
  bool checkpoint_needed(int64_t number) const;
  bool went_on(int64_t number) const;
  double session_seconds() const;
  store::TrialRecord& record(int64_t number) { return records_[static_cast<size_t>(number)]; }
  const store::TrialRecord& record(int64_t number) const { return records_[static_cast<size_t>(number)]; }

  LoopSetup setup_;
  const config::ExperimentSpec& spec_;
  store::Store& store_;
  View view_;
  LimitTracker limits_;
  StudyProposer proposer_;
  Retention retention_;
  FrontRule front_rule_;

  std::vector<store::TrialRecord> records_;  // by number
  std::vector<char> observed_;               // parallel to records_
  int64_t observed_count_ = 0;
  bool must_observe_ = false;  // next() gave nothing: one more result comes first
  bool ended_ = false;         // nothing new starts any more
  std::string stopped_by_;
  std::vector<Target> known_before_;  ///< the constraints that are known before training
  std::set<int64_t> feasible_;        ///< running trials that keep them
  int64_t refused_in_a_row_ = 0;
  bool cancelled_ = false, killed_ = false;
  bool cut_off_ = false;  // a limit is passed by so much that running trials stop too
  std::set<int64_t> waiting_;
  std::map<int64_t, Assignment> running_;
  /// Losses of a trial since its newest checkpoint was written.
  struct Losses {
    int count = 0;
    int64_t checkpoint_ns = 0;
  };
  std::map<int64_t, Losses> losses_;
  std::map<int64_t, int> crashes_;
  std::vector<Outcome> deferred_;  // config errors that wait for the verdict of trial 0
  std::vector<Diagnostic> fatal_;
  std::vector<int64_t> front_;
  std::map<std::string, std::string> data_;  // sha256 of what the trials read, by name
  double earlier_seconds_ = 0;
  int64_t session_finished_ = 0;
  std::chrono::steady_clock::time_point session_start_;
};

/// The evaluation a finished record stands for.
Evaluation evaluation_of(const store::TrialRecord& record);

}  // namespace dsnn::study
