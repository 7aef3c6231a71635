#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dsnn/rng.h"
#include "study/loop.h"
#include "support/temporary_folder.h"

namespace dsnn::study {

/// One number x in [0, 1]; error is minimised.
inline config::ExperimentSpec spec_of_x(int64_t trials, int lookback = 4) {
  config::ExperimentSpec spec;
  spec.name = "fake";
  spec.seed = 3;
  spec.space = SearchSpace({{.id = "x", .domain = {.lo = 0, .hi = 1}, .default_value = Value(0.5), .active_when = {}}});
  spec.objectives = {{.name = "error", .metric = "validation.error"}};
  spec.limits.trials = trials;
  spec.execution.deterministic = true;
  spec.execution.lookback = lookback;
  spec.execution.keep_checkpoints = "all";
  return spec;
}

/// Records the calls it gets: "n3" asked for trial 3, "-" had nothing to give, "o3" observed trial 3.
class RecordingScheduler : public FidelityScheduler {
 public:
  std::vector<std::string> calls;
  /// Trials that may only start once this many were observed: number -> count.
  std::map<int64_t, int> waits_for;

  void start(const SchedulerSetup&) override {}
  std::vector<RungPlan> plan() const override { return {}; }
  std::optional<TrialRequest> next(Proposer& propose) override {
    const int64_t number = propose.next_number();
    if (waits_for.contains(number) && observed_ < waits_for[number]) {
      calls.push_back("-");
      return std::nullopt;
    }
    std::optional<Configuration> configuration = propose.propose({.trial_number = number, .budget = {}});
    if (!configuration) return std::nullopt;
    TrialRequest request;
    request.number = request.root = number;
    request.configuration = std::move(*configuration);
    calls.push_back("n" + std::to_string(number));
    return request;
  }
  void observe(const Evaluation& evaluation) override {
    ++observed_;
    calls.push_back("o" + std::to_string(evaluation.request.number));
  }
  bool exhausted() const override { return false; }
  bool may_promote(int64_t) const override { return false; }

 private:
  int observed_ = 0;
};

class DrawX : public AcquisitionStrategy {
 public:
  std::vector<size_t> finished_seen;
  std::function<bool()> give_up = [] { return false; };
  int64_t initial = 0;
  int64_t initial_size(const SearchSpace&) const override { return initial; }
  std::optional<Configuration> suggest(const History& history, const Ask&, Rng& rng) override {
    finished_seen.push_back(history.finished.size());
    if (give_up()) return std::nullopt;
    return history.space.sample(rng);
  }
};

/// Finishes trials in an order drawn from a seed.
class FakeRunner : public TrialRunner {
 public:
  FakeRunner(int workers, uint64_t seed) : workers_(workers), rng_(seed) {}

  std::function<Outcome(const Assignment&)> evaluate = good;
  std::vector<Assignment> started;
  /// What an attempt says before its outcome.
  std::function<void(const Assignment&, RunnerEvents&)> before = [](const Assignment&, RunnerEvents&) {};
  int stop_after = -1;  ///< outcomes until the user asks to stop
  bool report_epochs = false;
  void ask_to_stop() { stops_ = 1; }

  static Outcome good(const Assignment& assignment) {
    Outcome out;
    out.evaluation.metrics = {{"validation.error", assignment.request.configuration.find("x")->number()}};
    return out;
  }
  bool has_idle() const override { return static_cast<int>(busy_.size()) < workers_; }
  std::optional<WorkerSlot> idle_worker() override { return WorkerSlot{.name = "fake", .pid = 1}; }
  void start(const Assignment& assignment) override {
    started.push_back(assignment);
    busy_.push_back(assignment);
  }
  RunnerEvents wait(double) override {
    RunnerEvents events;
    if (busy_.empty()) return events;
    const auto which = static_cast<std::ptrdiff_t>(rng_.integer(0, static_cast<int64_t>(busy_.size()) - 1));
    const Assignment assignment = busy_[static_cast<size_t>(which)];
    busy_.erase(busy_.begin() + which);
    before(assignment, events);
    Outcome outcome = cancelled_ ? Outcome{} : evaluate(assignment);
    if (cancelled_) outcome.kind = Outcome::Kind::preempted;
    outcome.number = assignment.request.number;
    outcome.fence = assignment.fence;
    events.outcomes.push_back(outcome);
    if (report_epochs) events.epochs.push_back({.number = outcome.number, .attempt = assignment.attempt, .step = 1});
    if (stop_after > 0 && --stop_after == 0) stops_ = 1;
    return events;
  }
  int stop_requests() const override { return stops_; }
  void cancel() override { cancelled_ = true; }
  void kill() override { busy_.clear(); }

 private:
  int workers_;
  Rng rng_;
  std::vector<Assignment> busy_;
  bool cancelled_ = false;
  int stops_ = 0;
};

/// A run folder with a store, and loops over it.
class LoopTest : public testing::Test {
 protected:
  LoopResult run(const config::ExperimentSpec& spec, FakeRunner& runner) {
    RecordingScheduler fresh;
    fresh.waits_for = waits_for_;
    LoopResult result = run(spec, runner, fresh);
    scheduler_.calls = fresh.calls;
    return result;
  }

  LoopResult run(const config::ExperimentSpec& spec, FakeRunner& runner, FidelityScheduler& scheduler) {
    store_ = store::open_sqlite(folder_.path() / "study.sqlite", store::Open::create);
    if (!store_->study()) {
      store::StudyRecord study;
      study.name = spec.name;
      study.targets = spec.objectives;
      study.targets.insert(study.targets.end(), spec.constraints.begin(), spec.constraints.end());
      study.space = spec.space.to_json();
      store_->create_study(study, {});
    }
    Loop loop({.spec = spec,
               .store = *store_,
               .runner = runner,
               .scheduler = spec.is_search() ? &scheduler : nullptr,
               .acquisition = &acquisition_,
               .run_folder = folder_.path(),
               .account = account_});
    LoopResult result = loop.run();
    records_ = loop.records();
    return result;
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<store::Store> store_;
  RecordingScheduler scheduler_;
  DrawX acquisition_;
  std::map<int64_t, int> waits_for_;
  std::function<void(Evaluation&, const std::vector<const store::TrialRecord*>&)> account_;
  std::vector<store::TrialRecord> records_;
};

}  // namespace dsnn::study
