#include "execution/inline_runner.h"

#include <unistd.h>

#include <cstdlib>

#include "execution/cpu_budget.h"
#include "execution/process_usage.h"
#include "store/run_lock.h"

namespace dsnn::execution {
namespace {

/// The OpenMP runtime comes with LibTorch, which the first trial loads, and reads the environment then.
plugin::Loader::Torch prepared(const config::ExperimentSpec& spec) {
  for (const auto& [key, value] : openmp_environment(place(spec, cpu_budget())))
    ::setenv(key.c_str(), value.c_str(), 1);
  return plugin::Loader::Torch::allowed;
}

}  // namespace

InlineRunner::InlineRunner(const config::ExperimentSpec& spec, const plugin::Catalog& catalog,
                           std::filesystem::path run_folder, StopSignals* stop)
    : executor_(spec, catalog, prepared(spec), std::move(run_folder)), stop_(stop) {}

bool InlineRunner::stopped() {
  if (stop_ != nullptr) stop_requests_ = stop_->count();
  return stop_requests_ > 0;
}

std::optional<study::WorkerSlot> InlineRunner::idle_worker() {
  if (trial_) return std::nullopt;
  return study::WorkerSlot{.name = "inline", .pid = ::getpid()};
}

study::RunnerEvents InlineRunner::wait(double) {
  study::RunnerEvents events;
  const bool stop = stopped();
  if (!trial_) return events;
  const study::Assignment trial = *trial_;
  study::Outcome outcome;
  outcome.number = trial.request.number;
  outcome.fence = trial.fence;
  outcome.attempt.worker = "inline";
  outcome.attempt.host = store::host_name();
  outcome.attempt.pid = ::getpid();
  outcome.attempt.start_us = outcome.attempt.end_us = store::now_us();
  if (stop) {
    outcome.kind = study::Outcome::Kind::preempted;
    events.outcomes.push_back(std::move(outcome));
    trial_.reset();
    return events;
  }
  const TrialHooks hooks{.cancelled = [this] { return stopped(); },
                         .beat = [] {},
                         .report =
                             [&](int64_t step, const std::vector<Metric>& metrics, double seconds) {
                               events.epochs.push_back({.number = trial.request.number,
                                                        .attempt = trial.attempt,
                                                        .step = step,
                                                        .metrics = metrics,
                                                        .wall_seconds = seconds});
                             },
                         .known_before =
                             [&](const std::vector<Metric>& metrics) {
                               events.statics.push_back({.number = trial.request.number, .metrics = metrics});
                             }};
  try {
    outcome.evaluation = executor_.run(trial.request, hooks);
    if (outcome.evaluation.state == TrialState::waiting) outcome.kind = study::Outcome::Kind::preempted;
  } catch (const ConfigError& e) {
    outcome.kind = study::Outcome::Kind::config_error;
    outcome.error = e.diagnostics();
    outcome.evaluation.state = TrialState::failed;
    outcome.evaluation.fail = FailKind::exception;
    outcome.evaluation.message = e.what();
  }
  outcome.attempt.end_us = store::now_us();
  outcome.attempt.peak_rss_bytes = process_usage().peak_rss_bytes;
  events.outcomes.push_back(std::move(outcome));
  trial_.reset();
  return events;
}

}  // namespace dsnn::execution
