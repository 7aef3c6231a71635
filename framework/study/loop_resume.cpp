#include <algorithm>

#include "dsnn/log.h"
#include "study/loop.h"

namespace dsnn::study {
namespace {

/// Wall seconds of earlier sessions: each runs from its first event to the last one before the next session.
double earlier_sessions_seconds(const std::vector<store::EventRecord>& events) {
  double total = 0;
  int64_t begin = 0, last = 0;
  for (const store::EventRecord& event : events) {
    const bool opens = event.kind == "started" || event.kind == "resumed";
    if (opens && begin != 0) total += static_cast<double>(last - begin) * 1e-6;
    if (opens || begin == 0) begin = event.time_us;
    last = std::max(event.time_us, begin);
  }
  return total + static_cast<double>(last - begin) * 1e-6;
}

bool same_request(const TrialRequest& a, const TrialRequest& b) {
  return a.number == b.number && a.root == b.root && a.parent == b.parent && a.origin == b.origin &&
         a.configuration == b.configuration && a.budget.value == b.budget.value && a.budget.rung == b.budget.rung &&
         a.budget.bracket == b.budget.bracket;
}

}  // namespace

void Loop::replay() {
  const std::vector<store::TrialRecord> recorded = store_.trials();
  const std::vector<store::EventRecord> events = store_.events();
  earlier_seconds_ = earlier_sessions_seconds(events);
  for (const store::EventRecord& event : events) {
    if (event.kind == "data") data_[event.json.at("name").string()] = event.json.at("sha256").string();
    if (!event.trial || (event.kind != "proposed" && event.kind != "observed")) continue;
    const auto number = static_cast<size_t>(*event.trial);
    if (number >= recorded.size())
      throw ExitError(70, "the store names trial " + std::to_string(number) + " but holds no such trial");
    if (event.kind == "proposed") {
      replay_proposed(recorded[number].request, recorded[number].view_hash);
      records_.back() = recorded[number];
    } else if (observed_[number] == 0) {
      observe(static_cast<int64_t>(number));
    }
  }
  if (!spec_.execution.deterministic) observe_finished();
  for (const store::TrialRecord& trial : records_) {
    if (!is_finished(trial.state)) continue;
    limits_.add(evaluation_of(trial));
    if (trial.state == TrialState::infeasible)
      limits_.take_back(trial.request, trial.request.parent ? &record(*trial.request.parent).request : nullptr);
    if (!trial.checkpoint.empty()) retention_.add(trial);
  }
}

/// A driver that died between a result and its observation left a finished trial that nobody would wait for.
void Loop::observe_finished() {
  for (const store::TrialRecord& trial : records_) {
    const int64_t number = trial.request.number;
    if (!is_finished(trial.state) || observed_[static_cast<size_t>(number)] != 0) continue;
    observe(number);
    store_.observed(number);
  }
}

void Loop::replay_proposed(const TrialRequest& recorded, const std::string& view_hash) {
  const bool asked = recorded.origin != Origin::default_ && setup_.scheduler != nullptr;
  if (asked) {
    proposer_.begin(recorded.number, &recorded);
    const std::optional<TrialRequest> request = setup_.scheduler->next(proposer_);
    if (!request || !same_request(*request, recorded)) {
      throw ExitError(70,
                      "cannot resume: trial " + std::to_string(recorded.number) +
                          " is not what the fidelity scheduler asks for now. The plugin changed since the study began; "
                          "use the plugin files it was started with, or start anew with --fresh");
    }
    if (!view_hash.empty() && proposer_.view_hash() != view_hash) {
      log(LogLevel::warning, "trial " + std::to_string(recorded.number) +
                                 " was proposed from another view of the study (" + view_hash + ", now " +
                                 proposer_.view_hash() + ")");
    }
  }
  limits_.add(recorded, recorded.parent ? &record(*recorded.parent).request : nullptr);
  view_.add_running(recorded);
  records_.emplace_back().request = recorded;
  observed_.push_back(0);
}

/// What a dead driver left behind: its running trials go back, at once and without counting as a failure.
void Loop::reclaim() {
  int64_t finished = 0;
  for (store::TrialRecord& trial : records_) {
    const int64_t number = trial.request.number;
    if (is_finished(trial.state)) {
      ++finished;
      continue;
    }
    if (trial.state == TrialState::running) {
      store::AttemptRecord attempt;
      attempt.trial = number;
      attempt.attempt = static_cast<int>(trial.fence);
      attempt.outcome = "lost";
      store_.release(number, attempt, true);
      trial.state = TrialState::waiting;
    }
    for (const store::AttemptRecord& attempt : store_.attempts(number)) {
      if (attempt.outcome == "failed") ++crashes_[number];
    }
    waiting_.insert(number);
  }
  if (records_.empty()) return;
  if (setup_.observer != nullptr) setup_.observer->resumed(finished, static_cast<int64_t>(waiting_.size()));
}

}  // namespace dsnn::study
