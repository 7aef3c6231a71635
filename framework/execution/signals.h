#pragma once

namespace dsnn::execution {

/// Collects the user's stop requests: SIGINT, SIGTERM, SIGUSR1, SIGUSR2, and SIGHUP unless it was inherited as ignored.
///
/// The signals are blocked and read from a descriptor, so nothing runs in a handler. One object per program, made
/// before any thread; child processes must call restore_default_signals().
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;

  int fd() const { return fd_; }  ///< readable when a signal waits
  /// Reads what waits and returns how many came so far.
  int count();

 private:
  int fd_ = -1;
  int count_ = 0;
};

/// Default dispositions and an empty mask, between fork and exec.
void restore_default_signals();

}  // namespace dsnn::execution
