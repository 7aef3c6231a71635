#include "execution/crash_report.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

namespace dsnn::execution {
namespace {

constexpr int kFrames = 64;
constexpr int kFatal[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

const char* name_of(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGABRT:
      return "SIGABRT";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    default:
      return "SIGILL";
  }
}

void say(const char* text) {
  const ssize_t ignored = ::write(STDERR_FILENO, text, std::strlen(text));
  static_cast<void>(ignored);
}

/// File name of the innermost plugin on the stack; otherwise of the first library that is not the C library.
const char* culprit(void* const* frames, int count) {
  const char* fallback = "dsnn-run";
  bool found = false;
  for (int i = 0; i < count; ++i) {
    Dl_info info = {};
    if (dladdr(frames[i], &info) == 0 || info.dli_fname == nullptr) continue;
    const char* slash = std::strrchr(info.dli_fname, '/');
    const char* file = slash != nullptr ? slash + 1 : info.dli_fname;
    if (std::strstr(file, ".dsnn.so") != nullptr) return file;
    if (found || std::strncmp(file, "libc.so", 7) == 0 || std::strstr(file, "libdsnn_core") != nullptr) continue;
    if (std::strncmp(file, "libstdc++", 9) == 0) continue;
    fallback = file;
    found = true;
  }
  return fallback;
}

void on_fatal(int signal) {
  void* frames[kFrames];
  const int count = backtrace(frames, kFrames);
  say(kCrashPrefix);
  say("signal ");
  say(name_of(signal));
  say(" in ");
  say(culprit(frames, count));
  say("\n");
  ::raise(signal);  // the disposition is the default again: SA_RESETHAND
}

}  // namespace

void install_crash_report() {
  void* warm_up[1];
  backtrace(warm_up, 1);  // loads libgcc now, not inside a handler
  static char stack[64 << 10];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_handler = on_fatal;
  action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
  for (int signal : kFatal) sigaction(signal, &action, nullptr);
}

}  // namespace dsnn::execution
