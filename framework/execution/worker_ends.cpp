// How a WorkerPool takes the end of a worker: what became of its trial, and whether another can be started.
#include <csignal>
#include <cstdio>
#include <cstring>

#include "execution/log_tail.h"
#include "execution/pooled_worker.h"
#include "execution/trial_executor.h"
#include "store/run_lock.h"

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

void WorkerPool::bury(Worker& worker, const ProcessEnd& end, study::RunnerEvents& events) {
  worker.dead = true;
  const bool was_retired = worker.leaving && !worker.trial;
  if (worker.trial) {
    study::Outcome outcome = post_mortem(worker, end);
    if (!worker.ready) outcome.kind = study::Outcome::Kind::preempted;  // the trial had not begun
    events.outcomes.push_back(std::move(outcome));
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
  if (worker.why == Worker::Why::cancelled || stop_requests_ > 0) return;
  const bool foreign_kill = end.signal == SIGKILL && !worker.killed;
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

study::Outcome WorkerPool::post_mortem(const Worker& worker, const ProcessEnd& end) const {
  study::Outcome out = outcome_of(worker);
  out.attempt.signal = end.signal;
  out.attempt.exit_code = end.exit_code;
  Evaluation& evaluation = out.evaluation;
  evaluation.state = TrialState::failed;
  evaluation.seconds = std::chrono::duration<double>(Clock::now() - worker.started).count();
  const config::Limits& limits = options_.spec.limits;
  const LogTail tail = log_tail(options_.run_folder / trial_folder(out.number) / "log.txt");
  if (worker.why == Worker::Why::timeout || worker.why == Worker::Why::stall) {
    const bool wall = worker.why == Worker::Why::timeout;
    evaluation.fail = wall ? FailKind::timeout : FailKind::stall;
    evaluation.message =
        wall ? "stopped after " + seconds_text(limits.trial_wall_seconds.value_or(0)) + " (limits.trial.wall)"
             : "no progress for " + seconds_text(limits.trial_stall_seconds) + " (limits.trial.stall)";
    return out;
  }
  if (worker.why == Worker::Why::cancelled) {
    out.kind = study::Outcome::Kind::preempted;
    return out;
  }
  out.kind = study::Outcome::Kind::crashed;
  if (end.signal == SIGKILL && !worker.killed) {
    const bool memory = out_of_memory_kills() > memory_kills_;
    out.kind = memory ? study::Outcome::Kind::evaluated : study::Outcome::Kind::lost;  // it would want as much again
    evaluation.fail = memory ? FailKind::oom : FailKind::lost;
    evaluation.message =
        memory ? "killed by the kernel for want of memory" : "its worker was killed from outside, again and again";
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
