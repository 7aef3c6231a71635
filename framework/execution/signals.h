#pragma once

#include <csignal>

namespace dsnn::execution {

/// What asks a process of ours to save its work and end: whatever users, batch systems, timers and limits of CPU time
/// send, and what would otherwise end it on the spot. SIGHUP only unless it was inherited as ignored (nohup).
inline constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGHUP};

/// Collects the stop requests of the driver.
///
/// The signals are blocked and read from a descriptor, so nothing runs in a handler. While it lives, a reader of stdout
/// or stderr that goes away costs the output and not the study: SIGPIPE is ignored. One object per program, made before
/// any thread; child processes must call restore_default_signals().
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;

  int fd() const { return fd_; }  ///< readable when a signal waits
  /// Reads what waits and returns how many came so far. SIGXCPU, which repeats by itself, counts once.
  int count();

 private:
  int fd_ = -1;
  int count_ = 0;
  bool out_of_time_ = false;
  struct sigaction pipe_before_ = {};
};

/// True for a signal that somebody sent, or a limit; false for 0 and for those a program raises that goes wrong.
bool is_from_outside(int signal);

/// Default dispositions and an empty mask, between fork and exec.
void restore_default_signals();

}  // namespace dsnn::execution
