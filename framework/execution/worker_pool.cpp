#include "execution/worker_pool.h"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>

#include "dsnn/build_info.h"
#include "dsnn/checked_json.h"
#include "dsnn/log.h"
#include "dsnn/version.h"
#include "execution/control_group.h"
#include "execution/messages.h"
#include "execution/pooled_worker.h"
#include "execution/process_usage.h"
#include "store/run_lock.h"

namespace dsnn::execution {
namespace {

constexpr int64_t kMaxOpenFilesGrowth = 256;
constexpr auto kMemoryEvery = std::chrono::milliseconds(50);  // between two looks at a trial under limits.trial.memory
constexpr auto kFarewell = std::chrono::milliseconds(2000);

}  // namespace

WorkerPool::WorkerPool(PoolOptions options)
    : options_(std::move(options)),
      placement_(place(options_.spec, cpu_budget())),
      host_(store::host_name()),
      memory_kills_(out_of_memory_kills()) {
  become_subreaper();
}

WorkerPool::~WorkerPool() {
  for (const auto& worker : workers_) retire(*worker);
  const auto deadline = Clock::now() + kFarewell;
  for (const auto& worker : workers_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    worker->process->wait_end(std::max(left, std::chrono::milliseconds(0)));
  }
  workers_.clear();
  end_orphans(nullptr, nullptr);
}

bool WorkerPool::has_idle() const {
  const auto usable = [](const auto& worker) { return !worker->leaving && !worker->trial; };
  return static_cast<int>(workers_.size()) < placement_.workers ||
         std::any_of(workers_.begin(), workers_.end(), usable);
}

std::optional<study::WorkerSlot> WorkerPool::idle_worker() {
  offered_ = nullptr;
  for (const auto& worker : workers_) {
    if (!worker->leaving && !worker->dead && !worker->trial) offered_ = worker.get();
  }
  if (offered_ == nullptr) {
    if (static_cast<int>(workers_.size()) >= placement_.workers) return std::nullopt;
    offered_ = &spawn();
  }
  return study::WorkerSlot{.name = offered_->name, .pid = offered_->process->pid()};
}

WorkerPool::Worker& WorkerPool::spawn() {
  auto worker = std::make_unique<Worker>();
  worker->name = "worker-" + std::to_string(++spawned_);
  WorkerProcess::Options process{
      .program = options_.program, .log_file = {}, .environment = openmp_environment(placement_)};
  if (!options_.run_folder.empty()) process.log_file = options_.run_folder / "log.txt";
  worker->process = std::make_unique<WorkerProcess>(process);
  worker->last_beat = Clock::now();
  Value folders = Value::list();
  for (const auto& folder : options_.plugin_dirs) folders.push_back(Value(folder.string()));
  worker->process->channel().post(message("start", {{"protocol", Value(kProtocolVersion)},
                                                    {"spec", options_.spec.to_json()},
                                                    {"plugin_dirs", std::move(folders)},
                                                    {"run_folder", Value(options_.run_folder.string())}}));
  workers_.push_back(std::move(worker));
  return *workers_.back();
}

void WorkerPool::start(const study::Assignment& assignment) {
  DSNN_ASSERT(offered_ != nullptr && !offered_->trial);
  Worker& worker = *offered_;
  worker.trial = assignment;
  worker.why = Worker::Why::running;
  worker.started = worker.last_beat = Clock::now();
  worker.start_us = store::now_us();
  worker.process->channel().post(message("trial", {{"request", to_value(assignment.request)},
                                                   {"attempt", Value(assignment.attempt)},
                                                   {"rank", Value(0)},
                                                   {"world", Value(1)},
                                                   {"rendezvous", Value("")}}));
}

void WorkerPool::poll_all(double max_seconds) {
  std::vector<pollfd> fds;
  auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(max_seconds));
  if (options_.stop != nullptr) fds.push_back({.fd = options_.stop->fd(), .events = POLLIN, .revents = 0});
  const config::Limits& limits = options_.spec.limits;
  const auto in = [](Clock::time_point from, double seconds) {
    return from + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  };
  for (const auto& worker : workers_) {
    Channel& channel = worker->process->channel();
    const auto events = static_cast<short>(POLLIN | (channel.wants_to_write() ? POLLOUT : 0));
    if (channel.open()) fds.push_back({.fd = channel.fd(), .events = events, .revents = 0});
    fds.push_back({.fd = worker->process->pid_fd(), .events = POLLIN, .revents = 0});
    if (worker->killed) continue;
    if (worker->leaving) deadline = std::min(deadline, worker->kill_at);
    if (!worker->trial || worker->why != Worker::Why::running) continue;
    if (limits.trial_memory_bytes) deadline = std::min(deadline, Clock::now() + kMemoryEvery);
    deadline = std::min(deadline, in(worker->last_beat, limits.trial_stall_seconds));
    if (limits.trial_wall_seconds) deadline = std::min(deadline, in(worker->started, *limits.trial_wall_seconds));
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count() + 1;
  ::poll(fds.data(), fds.size(), static_cast<int>(std::clamp<int64_t>(left, 0, 3600'000)));
}

study::RunnerEvents WorkerPool::wait(double max_seconds) {
  const bool kept = !events_.outcomes.empty() || !events_.epochs.empty();
  step(kept ? 0 : max_seconds);
  return std::exchange(events_, {});
}

/// Waits for what happens next and adds it to the events.
void WorkerPool::step(double max_seconds) {
  poll_all(max_seconds);
  for (const auto& worker : workers_) read(*worker);
  for (const auto& worker : workers_) {
    check_times(*worker);
    check_memory(*worker);
  }
  for (const auto& worker : workers_) {
    const std::optional<ProcessEnd> end = worker->process->poll_end();
    if (!end) continue;
    read(*worker);  // what it said last
    bury(*worker, *end);
  }
  remove_dead();
}

void WorkerPool::read(Worker& worker) {
  Channel& channel = worker.process->channel();
  if (!channel.open()) return;
  channel.flush();
  try {
    bool ended = false;
    for (const Value& received : channel.drain(ended)) take(worker, received);
    if (ended) channel.close();
  } catch (const std::invalid_argument& e) {
    events_.warnings.push_back(worker.name + " sent what cannot be understood and is replaced: " + e.what());
    channel.close();
    worker.leaving = true;
    worker.process->kill_group();
    worker.killed = true;
  }
}

void WorkerPool::take(Worker& worker, const Value& received) {
  const std::string name = name_of(received);
  worker.last_beat = Clock::now();
  if (name == "hello") {
    check_build(received);
  } else if (name == "ready") {
    take_ready(worker);
  } else if (name == "refused") {
    if (checked::text(received, "kind") == "config")
      throw ConfigError(diagnostics_from(checked::member(received, "diagnostics")));
    throw PluginError(checked::text(received, "text"), static_cast<int>(checked::integer(received, "exit_code")));
  } else if (name == "exit_error") {
    throw ExitError(static_cast<int>(checked::integer(received, "exit_code")), checked::text(received, "text"));
  } else if (name == "description") {
    description_ = description_from(checked::member(received, "description"));
  } else if (!worker.trial) {
    return;  // the end of a trial that was given up
  } else if (name == "epoch") {
    events_.epochs.push_back({.number = worker.trial->request.number,
                              .attempt = worker.trial->attempt,
                              .step = checked::integer(received, "step"),
                              .metrics = metrics_from(checked::member(received, "metrics")),
                              .wall_seconds = checked::any_number(received, "seconds")});
  } else if (name == "static") {
    events_.statics.push_back(
        {.number = worker.trial->request.number, .metrics = metrics_from(checked::member(received, "metrics"))});
  } else if (name == "evaluation") {
    take_evaluation(worker, received);
  } else if (name == "config_error") {
    study::Outcome outcome = outcome_of(worker);
    outcome.kind = study::Outcome::Kind::config_error;
    outcome.error = diagnostics_from(checked::member(received, "diagnostics"));
    outcome.evaluation.state = TrialState::failed;
    outcome.evaluation.fail = FailKind::exception;
    if (!outcome.error.empty()) outcome.evaluation.message = outcome.error.front().message;
    finish(worker, std::move(outcome));
  }
}

void WorkerPool::take_ready(Worker& worker) {
  worker.ready = true;
  failed_starts_ = 0;
  const std::optional<int64_t> limit = options_.spec.limits.trial_memory_bytes;
  const int64_t taken = resident_bytes(worker.process->pid());
  if (!limit || taken <= *limit) return;
  ConfigView(options_.spec.tree, "", options_.spec.origins)
      .section("limits")
      .section("trial")
      .error(
          "memory",
          "a worker of this experiment takes " + size_text(taken) + " before its first trial, got " + size_text(*limit),
          "give it more; the limit is on the resident memory of a worker");
}

/// A worker loads today's files; this driver may have been started from yesterday's.
void WorkerPool::check_build(const Value& hello) const {
  if (checked::integer(hello, "protocol") == kProtocolVersion && checked::text(hello, "version") == kVersion &&
      checked::text(hello, "build") == DSNN_API_HASH) {
    return;
  }
  throw ExitError(75,
                  "worker of another build: the program was rebuilt while this run was going on; run the same command "
                  "again");
}

void WorkerPool::take_evaluation(Worker& worker, const Value& received) {
  worker.rss = checked::integer(received, "rss_bytes");
  worker.peak_rss_bytes = checked::integer(received, "peak_rss_bytes");
  worker.files = checked::integer(received, "open_files");
  study::Outcome outcome = outcome_of(worker);
  outcome.evaluation = evaluation_from(checked::member(received, "evaluation"));
  const bool stopped =
      outcome.evaluation.state == TrialState::waiting || outcome.evaluation.state == TrialState::running;
  // A peak that came and went between two looks counts as well.
  if (worker.peak_rss_bytes > options_.spec.limits.trial_memory_bytes.value_or(worker.peak_rss_bytes))
    worker.why = Worker::Why::memory;
  if (worker.why == Worker::Why::running && stopped) {
    outcome = stopped_from_outside(worker);
  } else if (worker.why == Worker::Why::cancelled && stopped) {
    outcome.kind = study::Outcome::Kind::preempted;
  } else if (worker.why != Worker::Why::running && worker.why != Worker::Why::cancelled) {
    const std::string checkpoint = outcome.evaluation.checkpoint;
    outcome = post_mortem(worker, {});
    outcome.evaluation.checkpoint = checkpoint;
  }
  if (stopped) worker.leaving = true;
  finish(worker, std::move(outcome));
}

void WorkerPool::finish(Worker& worker, study::Outcome outcome) {
  events_.outcomes.push_back(std::move(outcome));
  if (++worker.trials_done == 1) {
    worker.first_rss = worker.rss;
    worker.first_files = worker.files;
  }
  worker.trial.reset();
  if (worker.why != Worker::Why::running || worker.leaving || outgrown(worker)) retire(worker);
}

bool WorkerPool::outgrown(const Worker& worker) const {
  const config::Execution& execution = options_.spec.execution;
  const int64_t growth = std::max(execution.recycle_rss_growth_bytes, worker.first_rss);
  return worker.trials_done >= execution.recycle_trials || worker.rss > worker.first_rss + growth ||
         worker.files > worker.first_files + kMaxOpenFilesGrowth;
}

void WorkerPool::retire(Worker& worker) {
  worker.leaving = true;
  worker.kill_at = grace_end();
  Channel& channel = worker.process->channel();
  if (!channel.open()) return;
  channel.post(message("bye"));
  if (!channel.wants_to_write()) channel.close();
}

void WorkerPool::check_times(Worker& worker) {
  if (worker.dead || worker.killed) return;
  const auto now = Clock::now();
  if (worker.leaving) {
    if (now < worker.kill_at) return;
    worker.killed = true;
    worker.process->kill_group();
    return;
  }
  if (!worker.trial) return;
  const auto passed = [now](Clock::time_point from) { return std::chrono::duration<double>(now - from).count(); };
  const config::Limits& limits = options_.spec.limits;
  if (limits.trial_wall_seconds && passed(worker.started) >= *limits.trial_wall_seconds) {
    worker.why = Worker::Why::timeout;
  } else if (passed(worker.last_beat) >= limits.trial_stall_seconds) {
    worker.why = Worker::Why::stall;
  } else {
    return;
  }
  ask_to_stop(worker);
}

void WorkerPool::check_memory(Worker& worker) {
  const std::optional<int64_t> limit = options_.spec.limits.trial_memory_bytes;
  if (!limit || !worker.trial || !worker.ready || worker.dead || worker.killed) return;
  const int64_t taken = resident_bytes(worker.process->pid());
  if (taken <= *limit) return;
  worker.peak_rss_bytes = taken;
  worker.why = Worker::Why::memory;
  worker.leaving = worker.killed = true;
  worker.process->kill_group();  // no time to be polite: it grows
}

void WorkerPool::ask_to_stop(Worker& worker) {
  worker.leaving = true;
  worker.kill_at = grace_end();
  worker.process->terminate_group();
}

WorkerPool::Clock::time_point WorkerPool::grace_end() const {
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.grace_seconds));
}

void WorkerPool::remove_dead() {
  offered_ = nullptr;
  if (std::erase_if(workers_, [](const auto& worker) { return worker->dead; }) == 0) return;
  memory_kills_ = std::max(memory_kills_, out_of_memory_kills());  // only now: the kernel counts before a worker ends
}

void WorkerPool::cancel() {
  for (const auto& worker : workers_) {
    if (!worker->trial || worker->why != Worker::Why::running) continue;
    worker->why = Worker::Why::cancelled;
    ask_to_stop(*worker);
  }
}

void WorkerPool::kill() {
  for (const auto& worker : workers_) {
    worker->killed = true;
    worker->leaving = true;
    worker->trial.reset();
    worker->process->kill_group();
  }
}

Description WorkerPool::describe(const Configuration& configuration) {
  const double patience_seconds = options_.spec.limits.trial_stall_seconds;
  const auto started = Clock::now();
  const auto wait_on = [&] {
    step(std::min(1.0, patience_seconds));
    if (stop_requests() > 0) throw ExitError(75, "interrupted");
    if (std::chrono::duration<double>(Clock::now() - started).count() <= patience_seconds) return;
    throw PluginError("the evaluator '" + options_.spec.evaluator +
                      "' did not describe the configuration within limits.trial.stall (" +
                      seconds_text(patience_seconds) + ")");
  };
  while (!idle_worker()) wait_on();
  const std::string asked = offered_->name;
  offered_->process->channel().post(message("describe", {{"configuration", parse_json(configuration.to_json())}}));
  description_.reset();
  while (!description_) {
    wait_on();
    const auto is_asked = [&](const auto& worker) { return worker->name == asked; };
    if (!description_ && std::none_of(workers_.begin(), workers_.end(), is_asked))
      throw PluginError("the worker ended while it described the configuration");
  }
  return *std::exchange(description_, std::nullopt);
}

}  // namespace dsnn::execution
