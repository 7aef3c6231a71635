#include "study/loop.h"

#include <algorithm>
#include <iterator>

#include "dsnn/log.h"
#include "dsnn/rng.h"
#include "study/objectives.h"

namespace dsnn::study {
namespace {

constexpr double kTickSeconds = 1.0;

uint64_t trial_seed(const config::ExperimentSpec& spec, const TrialRequest& request) {
  return hash64(hash64(static_cast<uint64_t>(spec.seed), static_cast<uint64_t>(request.root)),
                static_cast<uint64_t>(request.replicate));
}

}  // namespace

Evaluation evaluation_of(const store::TrialRecord& record) {
  return {.request = record.request,
          .state = record.state,
          .fail = record.fail,
          .objectives = record.objectives,
          .constraints = record.constraints,
          .metrics = record.metrics,
          .readings = {},
          .seconds = record.seconds,
          .resource_spent = record.state == TrialState::infeasible ? 0 : record.request.budget.resource,
          .checkpoint = record.checkpoint,
          .message = record.message};
}

Loop::Loop(LoopSetup setup)
    : setup_(std::move(setup)),
      spec_(setup_.spec),
      store_(setup_.store),
      limits_(spec_, setup_.kg_per_kwh),
      proposer_(spec_, setup_.acquisition, view_, limits_),
      retention_(setup_.run_folder, spec_.execution.keep_checkpoints, store_),
      front_rule_(front_rule(spec_)),
      session_start_(std::chrono::steady_clock::now()) {
  std::copy_if(spec_.constraints.begin(), spec_.constraints.end(), std::back_inserter(known_before_), is_static);
}

double Loop::session_seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - session_start_).count();
}

void Loop::start_scheduler() {
  if (setup_.scheduler == nullptr) return;
  setup_.scheduler->start(scheduler_setup(spec_));
}

void Loop::add_trial(TrialRequest request, const std::string& view_hash) {
  request.seed = trial_seed(spec_, request);
  if (request.parent) {
    const store::TrialRecord& parent = record(*request.parent);
    const bool continues = !spec_.fidelity || spec_.fidelity->continue_from_checkpoint;
    if (continues && !parent.checkpoint.empty()) request.start_from = parent.checkpoint;
  }
  store_.add_trial(request, view_hash);
  limits_.add(request, request.parent ? &record(*request.parent).request : nullptr);
  view_.add_running(request);
  waiting_.insert(request.number);
  store::TrialRecord& added = records_.emplace_back();
  added.request = std::move(request);
  added.view_hash = view_hash;
  observed_.push_back(0);
}

/// Makes one new waiting trial. False when none can be made now, or ever.
bool Loop::ask() {
  if (ended_ || cancelled_) return false;
  limits_.set_wall_seconds(earlier_seconds_ + session_seconds());
  stopped_by_ = limits_.reached();
  if (!stopped_by_.empty()) {
    if (may_take_back()) {
      stopped_by_.clear();
      return false;
    }
    ended_ = true;
    return false;
  }
  if (records_.empty() && wants_default(spec_)) {
    add_trial(default_request(spec_), "");
    return true;
  }
  if (setup_.scheduler == nullptr) {
    ended_ = true;
    return false;
  }
  return ask_scheduler();
}

/// True while a trial that counts may still turn out to cost nothing, because a constraint known before training
/// refuses it. Then a limit is not reached for good: whether there is another trial must not depend on who is first.
bool Loop::may_take_back() const {
  if (known_before_.empty()) return false;
  return std::any_of(records_.begin(), records_.end(), [&](const store::TrialRecord& trial) {
    return !is_finished(trial.state) && !trial.request.parent && !feasible_.contains(trial.request.number);
  });
}

bool Loop::ask_scheduler() {
  const auto number = static_cast<int64_t>(records_.size());
  while (true) {
    if (spec_.execution.deterministic) {
      while (must_observe_ || observed_count_ < number - spec_.execution.lookback) {
        if (!observe_next()) return false;
        must_observe_ = false;
      }
    }
    if (refused_in_a_row_ >= kMostRefusals) {
      stopped_by_ = kNothingFeasible;
      ended_ = true;
      return false;
    }
    if (limits_.configurations_reached() && may_take_back()) return false;
    proposer_.begin(number, nullptr);
    std::optional<TrialRequest> request = setup_.scheduler->next(proposer_);
    if (setup_.runner.stop_requests() > 0) return false;  // the proposal may have been given up: its trial never was
    if (proposer_.limit_hit()) {
      stopped_by_ = "configurations";
      ended_ = true;
      return false;
    }
    if (request) {
      DSNN_ASSERT(request->number == number);
      add_trial(std::move(*request), proposer_.view_hash());
      return true;
    }
    const bool all_observed = observed_count_ == number;
    if (setup_.scheduler->exhausted() || all_observed) {
      ended_ = true;
      return false;
    }
    if (!spec_.execution.deterministic) return false;
    must_observe_ = true;
  }
}

/// Deterministic mode: tells the scheduler the next result in number order. False while that trial still runs.
bool Loop::observe_next() {
  const int64_t number = observed_count_;
  if (number >= static_cast<int64_t>(records_.size()) || !is_finished(record(number).state)) return false;
  observe(number);
  store_.observed(number);
  return true;
}

void Loop::observe(int64_t number) {
  const Evaluation evaluation = evaluation_of(record(number));
  if (setup_.scheduler != nullptr && evaluation.request.origin != Origin::default_)
    setup_.scheduler->observe(evaluation);
  view_.finish(evaluation);
  refused_in_a_row_ = evaluation.state == TrialState::infeasible ? refused_in_a_row_ + 1 : 0;
  observed_[static_cast<size_t>(number)] = 1;
  ++observed_count_;
}

/// Puts one trial on a free worker. False when there is no worker or no trial.
bool Loop::fill_one() {
  if (cancelled_ || cut_off_ || !fatal_.empty()) return false;
  if (!setup_.runner.has_idle()) return false;
  if (waiting_.empty() && !ask()) return false;
  const std::optional<WorkerSlot> slot = setup_.runner.idle_worker();
  if (!slot) return false;
  return start(*waiting_.begin(), *slot);
}

bool Loop::start(int64_t number, const WorkerSlot& slot) {
  store::TrialRecord& trial = record(number);
  Assignment assignment{.request = trial.request, .fence = 0, .attempt = 1};
  assignment.fence = store_.claim(number, slot.name, slot.pid);
  assignment.attempt = static_cast<int>(assignment.fence);
  std::optional<std::string>& from = assignment.request.start_from;
  if (from && checkpoint_files(setup_.run_folder, *from).empty()) {
    warn(number, "trial " + std::to_string(number) + ": the checkpoint of trial " +
                     std::to_string(trial.request.parent.value_or(0)) +
                     " was cleaned away, so it is trained again from its seed");
    from.reset();
  }
  waiting_.erase(number);
  trial.state = TrialState::running;
  trial.attempts += 1;
  if (setup_.observer != nullptr) setup_.observer->started(trial.request, assignment.attempt);
  setup_.runner.start(assignment);
  running_[number] = std::move(assignment);
  return true;
}

void Loop::react_to_stop() {
  const int requests = setup_.runner.stop_requests();
  if (requests >= 1 && !cancelled_) {
    cancelled_ = true;
    if (setup_.observer != nullptr)
      setup_.observer->warning("stopping: running trials write their checkpoints (once more = now)");
    setup_.runner.cancel();
  }
  if (requests >= 2 && !killed_) {
    killed_ = true;
    setup_.runner.kill();
    release_running("preempted");
  }
}

void Loop::react_to_overrun() {
  limits_.set_wall_seconds(earlier_seconds_ + session_seconds());
  const std::string limit = limits_.overrun();
  const bool idle = running_.empty() && waiting_.empty();
  if (limit.empty() || idle || cut_off_ || cancelled_) return;
  cut_off_ = ended_ = true;
  stopped_by_ = limit;
  if (!running_.empty() && setup_.observer != nullptr)
    setup_.observer->warning("limits." + limit + " is passed by a tenth: running trials write their checkpoints");
  setup_.runner.cancel();
}

void Loop::release_running(const std::string& outcome) {
  for (const auto& [number, assignment] : running_) {
    store::AttemptRecord attempt;
    attempt.trial = number;
    attempt.attempt = static_cast<int>(assignment.fence);
    attempt.outcome = outcome;
    store_.release(number, attempt, true);
    record(number).state = TrialState::waiting;
    waiting_.insert(number);
  }
  running_.clear();
}

LoopStatus Loop::status() const {
  LoopStatus out;
  out.trials = static_cast<int64_t>(records_.size());
  for (const store::TrialRecord& trial : records_) {
    const bool refused = trial.state == TrialState::infeasible;
    out.refused += refused ? 1 : 0;
    out.finished += is_finished(trial.state) && !refused ? 1 : 0;
    out.failed += is_failure(trial.state) ? 1 : 0;
  }
  out.running = static_cast<int64_t>(running_.size());
  out.waiting = static_cast<int64_t>(waiting_.size());
  out.front = front_;
  out.session_seconds = session_seconds();
  out.wall_seconds = earlier_seconds_ + out.session_seconds;
  out.session_finished = session_finished_;
  out.energy_kwh = limits_.energy_kwh();
  out.emissions_kg = limits_.emissions_kg();
  return out;
}

void Loop::publish() {
  if (setup_.observer != nullptr) setup_.observer->status(status(), records_);
}

void Loop::note_opening() {
  const bool is_smoke = spec_.tree.find("smoke") != nullptr;  // it has few trials on purpose
  if (setup_.acquisition == nullptr || is_smoke) return;
  const std::string note = initial_design_note(spec_, *setup_.acquisition);
  if (!note.empty()) warn(std::nullopt, note);
}

LoopResult Loop::run() {
  start_scheduler();
  replay();
  reclaim();
  front_ = front(records_, front_rule_);
  store_.add_event(std::nullopt, records_.empty() ? "started" : "resumed", Value::map());
  if (records_.empty()) note_opening();
  store_.set_study_state("running", "");
  try {
    while (true) {
      react_to_overrun();
      while (fill_one()) {
      }
      react_to_stop();
      if (running_.empty() && (cancelled_ || cut_off_ || !fatal_.empty() || (ended_ && waiting_.empty()))) break;
      publish();
      handle(setup_.runner.wait(kTickSeconds));
      react_to_stop();
    }
  } catch (const std::exception&) {
    setup_.runner.kill();
    release_running("preempted");
    store_.set_study_state("interrupted", "");
    throw;
  }
  publish();
  const bool open = !fatal_.empty() || (cancelled_ && !(ended_ && waiting_.empty()));
  store_.add_event(std::nullopt, "stopped", Value(Value::Map{{"by", Value(open ? "signal" : stopped_by_)}}));
  store_.set_study_state(open ? "interrupted" : "finished", open ? "" : stopped_by_);
  if (!fatal_.empty()) throw ConfigError(fatal_);
  return {.stopped_by = open ? "" : stopped_by_,
          .interrupted = open,
          .cut_off = cut_off_ ? static_cast<int64_t>(waiting_.size()) : 0,
          .status = status()};
}

}  // namespace dsnn::study
