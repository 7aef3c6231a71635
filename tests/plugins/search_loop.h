#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "dsnn/acquisition.h"
#include "dsnn/fidelity_scheduler.h"

/// A study in memory: scheduler, acquisition strategy and a function instead of training.
class SearchLoop : public dsnn::Proposer {
 public:
  using Evaluate = std::function<void(dsnn::Evaluation&)>;

  SearchLoop(const dsnn::SearchSpace& space, std::vector<dsnn::Target> targets, dsnn::FidelityScheduler& scheduler,
             dsnn::AcquisitionStrategy& acquisition, uint64_t seed)
      : space_(space), targets_(std::move(targets)), scheduler_(scheduler), acquisition_(acquisition), seed_(seed) {}

  std::optional<dsnn::Configuration> propose(const dsnn::Ask& ask) override {
    const dsnn::History history{.space = space_, .finished = finished_, .running = running_, .targets = targets_};
    dsnn::Rng rng = dsnn::Rng(seed_).fork("proposal", static_cast<uint64_t>(ask.trial_number));
    return acquisition_.suggest(history, ask, rng);
  }
  int64_t next_number() const override { return number_; }

  /// Starts one trial; false when the scheduler has nothing to start now.
  bool start() {
    std::optional<dsnn::TrialRequest> request = scheduler_.next(*this);
    if (!request) return false;
    ++number_;
    running_.push_back(std::move(*request));
    return true;
  }

  /// Ends the oldest running trial.
  const dsnn::Evaluation& finish(const Evaluate& evaluate) {
    // Made at once: assigning the request afterwards makes GCC 12 believe that start_from was never initialised.
    dsnn::Evaluation evaluation{.request = running_.front(),
                                .objectives = {},
                                .constraints = {},
                                .metrics = {},
                                .readings = {},
                                .checkpoint = {},
                                .message = {}};
    evaluate(evaluation);
    running_.erase(running_.begin());
    finished_.push_back(std::move(evaluation));
    scheduler_.observe(finished_.back());
    return finished_.back();
  }

  /// Runs until `done`, with at most `window` trials running.
  void run(size_t window, const Evaluate& evaluate, const std::function<bool(const SearchLoop&)>& done) {
    while (!done(*this)) {
      while (running_.size() < window && start()) {
      }
      if (running_.empty()) return;
      finish(evaluate);
    }
  }

  const std::vector<dsnn::Evaluation>& finished() const { return finished_; }
  const std::vector<dsnn::TrialRequest>& running() const { return running_; }

 private:
  const dsnn::SearchSpace& space_;
  std::vector<dsnn::Target> targets_;
  dsnn::FidelityScheduler& scheduler_;
  dsnn::AcquisitionStrategy& acquisition_;
  uint64_t seed_;
  int64_t number_ = 0;
  std::vector<dsnn::Evaluation> finished_;
  std::vector<dsnn::TrialRequest> running_;
};

/// Objectives to minimise, by name.
inline std::vector<dsnn::Target> minimise(const std::vector<std::string>& names) {
  std::vector<dsnn::Target> out;
  for (const std::string& name : names) {
    dsnn::Target target;
    target.name = target.metric = name;
    out.push_back(std::move(target));
  }
  return out;
}
