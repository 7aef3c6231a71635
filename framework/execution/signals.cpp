#include "execution/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace dsnn::execution {
namespace {

bool is_ignored(int signal) {
  struct sigaction action = {};
  sigaction(signal, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : kStopSignals) {
    if (signal != SIGHUP || !is_ignored(signal)) sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_set();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  fd_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd_ < 0) throw std::runtime_error("cannot watch signals: signalfd failed");
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &pipe_before_);
}

StopSignals::~StopSignals() {
  count();  // what came last must not end the program when it is let through
  ::close(fd_);
  sigaction(SIGPIPE, &pipe_before_, nullptr);
  const sigset_t set = stop_set();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

int StopSignals::count() {
  signalfd_siginfo info;
  while (::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const bool repeated = info.ssi_signo == SIGXCPU && std::exchange(out_of_time_, true);
    if (!repeated) ++count_;
  }
  return count_;
}

bool is_from_outside(int signal) {
  constexpr int kCrashes[] = {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGSYS, SIGTRAP};
  return signal != 0 && std::find(std::begin(kCrashes), std::end(kCrashes), signal) == std::end(kCrashes);
}

void restore_default_signals() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal <= SIGSYS; ++signal) sigaction(signal, &action, nullptr);  // two of them refuse
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace dsnn::execution
