// How a WorkerPool takes the end of a worker: what became of its trial, and whether another can be started.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "execution/control_group.h"
#include "execution/log_tail.h"
#include "execution/pooled_worker.h"
#include "execution/trial_executor.h"
#include "store/run_lock.h"
#include "study/retention.h"

namespace dsnn::execution {
namespace {

constexpr int kMaxFailedStarts = 3;
constexpr int kMaxForeignKills = 20;  // somebody else ends workers before they are ready: no fault of the experiment

}  // namespace

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", seconds);
  return text;
}

std::string size_text(int64_t bytes) {
  char text[32];
  const bool small = bytes < (1 << 20);
  std::snprintf(text, sizeof text, small ? "%.4g KiB" : "%.4g MiB",
                static_cast<double>(bytes) / (small ? 1 << 10 : 1 << 20));
  return text;
}

study::Outcome WorkerPool::outcome_of(const Worker& worker) const {
  study::Outcome out;
  out.number = worker.trial->request.number;
  out.fence = worker.trial->fence;
  out.evaluation.request = worker.trial->request;
  out.attempt.worker = worker.name;
  out.attempt.host = host_;
  out.attempt.pid = worker.process->pid();
  out.attempt.start_us = worker.start_us;
  out.attempt.end_us = store::now_us();
  out.attempt.peak_rss_bytes = worker.peak_rss_bytes;
  return out;
}

void WorkerPool::bury(Worker& worker, const ProcessEnd& end) {
  worker.dead = true;
  const bool was_retired = worker.leaving && !worker.trial;
  if (worker.trial) {
    study::Outcome outcome = post_mortem(worker, end);
    if (!worker.ready) outcome.kind = study::Outcome::Kind::preempted;  // the trial had not begun
    events_.outcomes.push_back(std::move(outcome));
    worker.trial.reset();
  }
  std::vector<pid_t> alive;
  for (const auto& other : workers_) {
    if (!other->dead) alive.push_back(other->process->pid());
  }
  end_orphans(alive.data(), alive.data() + alive.size());
  if (!worker.ready && !was_retired) count_failed_start(worker, end);
}

/// A worker that never becomes ready would be replaced for ever: after a few of them the run ends with a PluginError.
void WorkerPool::count_failed_start(const Worker& worker, const ProcessEnd& end) {
  if (worker.why == Worker::Why::cancelled || stop_requests() > 0) return;
  const bool foreign_kill = is_from_outside(end.signal) && worker.why == Worker::Why::running && !worker.killed;
  if (++failed_starts_ < (foreign_kill ? kMaxForeignKills : kMaxFailedStarts)) return;
  throw PluginError("no worker can be started: each " + why_not_ready(worker, end) + " while it made the evaluator '" +
                    options_.spec.evaluator + "'; see log.txt of the run folder");
}

std::string WorkerPool::why_not_ready(const Worker& worker, const ProcessEnd& end) const {
  const config::Limits& limits = options_.spec.limits;
  if (worker.why == Worker::Why::stall) {
    return "did not become ready within limits.trial.stall (" + seconds_text(limits.trial_stall_seconds) + ")";
  }
  if (worker.why == Worker::Why::timeout) {
    return "did not become ready within limits.trial.wall (" + seconds_text(limits.trial_wall_seconds.value_or(0)) +
           ")";
  }
  if (end.signal != 0) return std::string("ended with signal ") + ::strsignal(end.signal);
  return "ended with exit code " + std::to_string(end.exit_code);
}

/// When the newest checkpoint of a trial was written; 0 = it has none.
int64_t WorkerPool::checkpoint_ns(int64_t trial) const {
  int64_t newest = 0;
  for (const auto& file : study::checkpoint_files(options_.run_folder, trial_folder(trial).string())) {
    std::error_code gone;
    const auto written = std::filesystem::last_write_time(options_.run_folder / file, gone);
    const auto since_1970 = std::chrono::file_clock::to_sys(written).time_since_epoch();
    if (!gone) newest = std::max<int64_t>(newest, std::chrono::nanoseconds(since_1970).count());
  }
  return newest;
}

/// Its trial gave up in good order, though nobody here had asked.
study::Outcome WorkerPool::stopped_from_outside(const Worker& worker) const {
  study::Outcome out = outcome_of(worker);
  out.kind = study::Outcome::Kind::stopped;
  out.checkpoint_ns = checkpoint_ns(out.number);
  out.evaluation.state = TrialState::failed;
  out.evaluation.fail = FailKind::lost;
  out.evaluation.message = "its worker was asked to stop from outside, again and again";
  return out;
}

/// What a worker had done wrong when it was ended by a limit of its trial; false = nothing.
bool WorkerPool::broke_limit(const Worker& worker, Evaluation& evaluation) const {
  const config::Limits& limits = options_.spec.limits;
  if (worker.why == Worker::Why::timeout) {
    evaluation.fail = FailKind::timeout;
    evaluation.message =
        "stopped after " + seconds_text(limits.trial_wall_seconds.value_or(0)) + " (limits.trial.wall)";
  } else if (worker.why == Worker::Why::stall) {
    evaluation.fail = FailKind::stall;
    evaluation.message = "no progress for " + seconds_text(limits.trial_stall_seconds) + " (limits.trial.stall)";
  } else if (worker.why == Worker::Why::memory) {
    evaluation.fail = FailKind::oom;
    evaluation.message = "its worker took " + size_text(worker.peak_rss_bytes) +
                         " of memory; limits.trial.memory allows " + size_text(limits.trial_memory_bytes.value_or(0));
  } else {
    return false;
  }
  return true;
}

study::Outcome WorkerPool::post_mortem(const Worker& worker, const ProcessEnd& end) const {
  study::Outcome out = outcome_of(worker);
  out.attempt.signal = end.signal;
  out.attempt.exit_code = end.exit_code;
  Evaluation& evaluation = out.evaluation;
  evaluation.state = TrialState::failed;
  evaluation.seconds = std::chrono::duration<double>(Clock::now() - worker.started).count();
  if (broke_limit(worker, evaluation)) return out;
  if (worker.why == Worker::Why::cancelled) {
    out.kind = study::Outcome::Kind::preempted;
    return out;
  }
  const LogTail tail = log_tail(options_.run_folder / trial_folder(out.number) / "log.txt");
  out.kind = study::Outcome::Kind::crashed;
  if (end.signal == SIGKILL && !worker.killed && out_of_memory_kills() > memory_kills_) {
    out.kind = study::Outcome::Kind::evaluated;  // it would want as much again
    evaluation.fail = FailKind::oom;
    evaluation.message = "killed by the kernel for want of memory";
  } else if (is_from_outside(end.signal) && !worker.killed) {
    out.kind = study::Outcome::Kind::lost;
    out.checkpoint_ns = checkpoint_ns(out.number);
    evaluation.fail = FailKind::lost;
    evaluation.message =
        std::string("its worker was killed from outside (") + ::strsignal(end.signal) + "), again and again";
  } else if (end.signal != 0) {
    evaluation.fail = FailKind::signal;
    evaluation.message =
        tail.crash.empty() ? std::string("its worker ended by signal ") + ::strsignal(end.signal) : tail.crash;
  } else {
    evaluation.fail = FailKind::plugin;
    evaluation.message = "its worker ended by itself with exit code " + std::to_string(end.exit_code);
  }
  if (!tail.lines.empty()) evaluation.message += "; last log lines: " + tail.lines;
  return out;
}

}  // namespace dsnn::execution
