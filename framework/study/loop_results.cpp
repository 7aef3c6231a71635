#include <algorithm>

#include "dsnn/log.h"
#include "study/lineage.h"
#include "study/loop.h"
#include "study/objectives.h"

namespace dsnn::study {
namespace {

constexpr int kMaxLosses = 5;

void copy_result(const Evaluation& from, store::TrialRecord& to) {
  to.state = from.state;
  to.fail = from.fail;
  to.message = from.message;
  to.objectives = from.objectives;
  to.constraints = from.constraints;
  to.metrics = from.metrics;  // by name, as a store gives them back
  std::sort(to.metrics.begin(), to.metrics.end(), [](const Metric& a, const Metric& b) { return a.name < b.name; });
  to.seconds = from.seconds;
  to.checkpoint = from.checkpoint;
}

}  // namespace

void Loop::handle(const RunnerEvents& events) {
  for (const std::string& text : events.warnings) {
    if (setup_.observer != nullptr) setup_.observer->warning(text);
  }
  for (const StaticReport& report : events.statics) {
    store_.set_static_metrics(report.number, report.metrics);
    if (violated(known_before_, report.metrics).empty()) feasible_.insert(report.number);
  }
  for (const EpochReport& report : events.epochs) {
    std::vector<store::EpochMetric> rows;
    for (const Metric& metric : report.metrics) {
      rows.push_back(
          {.step = report.step, .name = metric.name, .value = metric.value, .wall_seconds = report.wall_seconds});
    }
    store_.add_epoch_metrics(report.number, report.attempt, rows);
  }
  for (const Outcome& outcome : events.outcomes) take(outcome);
}

void Loop::take(Outcome outcome) {
  const auto found = running_.find(outcome.number);
  if (found == running_.end() || found->second.fence != outcome.fence) return;
  running_.erase(found);
  outcome.attempt.trial = outcome.number;
  outcome.attempt.attempt = static_cast<int>(outcome.fence);
  switch (outcome.kind) {
    case Outcome::Kind::evaluated:
      outcome.attempt.outcome = is_failure(outcome.evaluation.state) ? "failed" : "complete";
      return conclude(std::move(outcome));
    case Outcome::Kind::preempted:
      outcome.attempt.outcome = "preempted";
      return give_back(outcome, true);
    case Outcome::Kind::config_error:
      return take_config_error(std::move(outcome));
    case Outcome::Kind::lost:
    case Outcome::Kind::stopped:
      return take_loss(std::move(outcome));
    case Outcome::Kind::crashed:
      outcome.attempt.outcome = "failed";
      if (++crashes_[outcome.number] <= spec_.limits.trial_retries) return give_back(outcome, false);
      return conclude(std::move(outcome));
  }
}

/// Whatever ends workers from outside may end this trial's for ever, at the same place: only a newer checkpoint shows
/// that another attempt gets further.
void Loop::take_loss(Outcome outcome) {
  const bool killed = outcome.kind == Outcome::Kind::lost;
  outcome.attempt.outcome = killed ? "lost" : "preempted";
  Losses& losses = losses_[outcome.number];
  if (losses.checkpoint_ns != outcome.checkpoint_ns) losses = {.count = 0, .checkpoint_ns = outcome.checkpoint_ns};
  const bool again = ++losses.count < kMaxLosses;
  warn(outcome.number, "trial " + std::to_string(outcome.number) + " lost its worker, which somebody else " +
                           (killed ? "killed" : "asked to stop") +
                           (again ? "; it is tried again"
                                  : ", for the " + std::to_string(kMaxLosses) + "th time without a newer checkpoint"));
  if (again) return give_back(outcome, true);
  conclude(std::move(outcome));
}

bool Loop::first_finished() const { return is_finished(records_.front().state); }

/// A configuration error in the first trial is one of the experiment or of this machine (no data set, no device) and
/// ends the run; in a later one it belongs to that configuration alone.
void Loop::take_config_error(Outcome outcome) {
  if (outcome.number == 0) {
    fatal_ = outcome.error;
    outcome.attempt.outcome = "preempted";
    give_back(outcome, true);
    for (Outcome& other : std::exchange(deferred_, {})) give_back(other, true);
    setup_.runner.cancel();
    return;
  }
  if (!first_finished()) {
    outcome.attempt.outcome = "preempted";
    if (!fatal_.empty()) return give_back(outcome, true);
    deferred_.push_back(std::move(outcome));
    return;
  }
  outcome.attempt.outcome = "failed";
  conclude(std::move(outcome));
}

void Loop::give_back(const Outcome& outcome, bool preempted) {
  store_.release(outcome.number, outcome.attempt, preempted);
  record(outcome.number).state = TrialState::waiting;
  waiting_.insert(outcome.number);
}

void Loop::conclude(Outcome outcome) {
  Evaluation& evaluation = outcome.evaluation;
  const int64_t number = outcome.number;
  if (!went_on(number)) record(number).request.start_from.reset();
  evaluation.request = record(number).request;
  const bool refused = evaluation.state == TrialState::infeasible;
  if (!evaluation.resource_spent) evaluation.resource_spent = refused ? 0 : evaluation.request.budget.resource;
  if (setup_.account) {
    std::vector<const store::TrialRecord*> before = trained_lineage(records_, number);
    before.pop_back();
    setup_.account(evaluation, before);
  }
  take_targets(evaluation, spec_, [this, number] { return trained_history(store_, records_, number); });
  if (is_failure(evaluation.state)) outcome.attempt.outcome = "failed";
  if (!store_.tell(evaluation, outcome.fence, outcome.attempt)) {
    log(LogLevel::warning, "trial " + std::to_string(number) + ": a result of an older attempt was refused");
    return;
  }
  store::TrialRecord& trial = record(number);
  copy_result(evaluation, trial);
  if (refused) take_back(number);
  session_finished_ += refused ? 0 : 1;
  limits_.add(evaluation);
  note_data(evaluation);
  if (!trial.checkpoint.empty()) retention_.add(trial);
  if (!spec_.execution.deterministic) {
    observe(number);
    store_.observed(number);
  }
  front_ = front(records_, front_rule_);
  retention_.sweep(records_, front_, [this](int64_t n) { return checkpoint_needed(n); });
  if (setup_.observer != nullptr) setup_.observer->finished(trial);
  if (number == 0) {
    for (Outcome& other : std::exchange(deferred_, {})) take_config_error(std::move(other));
  }
}

/// What a constraint known before training refuses costs nothing, so it counts for no limit.
void Loop::take_back(int64_t number) {
  const store::TrialRecord& trial = record(number);
  limits_.take_back(trial.request, trial.request.parent ? &record(*trial.request.parent).request : nullptr);
  if (trial.request.origin != Origin::default_ || !spec_.is_search()) return;
  warn(number,
       "the default configuration violates a constraint known before training (" + trial.message +
           "), so nothing is compared with it; choose other defaults, or leave it out with report.default: false");
}

/// Keeps what the first trial read, and warns when a later one read something else under the same name.
void Loop::note_data(const Evaluation& evaluation) {
  for (const auto& [name, sha256] : evaluation.data) {
    const auto [known, is_new] = data_.emplace(name, sha256);
    if (is_new)
      store_.add_event(evaluation.request.number, "data",
                       Value(Value::Map{{"name", Value(name)}, {"sha256", Value(sha256)}}));
    if (known->second != sha256) {
      warn(evaluation.request.number, "trial " + std::to_string(evaluation.request.number) +
                                          " read other data than the trials before: the " + name + " have sha256 " +
                                          sha256 + ", they had " + known->second);
    }
  }
}

void Loop::warn(std::optional<int64_t> number, const std::string& text) {
  store_.add_event(number, "warning", Value(Value::Map{{"message", Value(text)}}));
  if (setup_.observer != nullptr) setup_.observer->warning(text);
}

bool Loop::checkpoint_needed(int64_t number) const {
  if (setup_.scheduler == nullptr) return spec_.execution.keep_checkpoints != "none";
  const TrialRequest& request = record(number).request;
  for (const store::TrialRecord& other : records_) {
    if (other.request.start_from && other.request.parent == number && !is_finished(other.state)) return true;
  }
  const bool full = spec_.fidelity && request.budget.value == spec_.fidelity->max;
  if (request.origin == Origin::default_ || full) return false;
  return observed_[static_cast<size_t>(number)] == 0 || setup_.scheduler->may_promote(number);
}

/// False for a trial that trained from its seed: by request, or because its parent's checkpoint was cleaned away or
/// damaged. Then its own epochs begin where the parent's began.
bool Loop::went_on(int64_t number) const {
  const TrialRequest& request = record(number).request;
  if (!request.start_from || !request.parent) return false;
  const std::vector<store::EpochMetric> own = store_.epoch_metrics(number),
                                        before = store_.epoch_metrics(*request.parent);
  return own.empty() || before.empty() || own.front().step > before.back().step;
}

}  // namespace dsnn::study
