#include "execution/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>

#include "dsnn/error.h"
#include "execution/signals.h"

namespace dsnn::execution {
namespace {

constexpr int kExecFailed = 127;

/// Runs in the child between fork and exec: only async-signal-safe calls.
[[noreturn]] void become_worker(const char* program, int socket, int log_fd, char* const* environment, pid_t driver) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != driver) ::_exit(kExecFailed);  // the driver died before the line above
  ::setpgid(0, 0);
  restore_default_signals();
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  ::dup2(log_fd >= 0 ? log_fd : STDERR_FILENO, STDOUT_FILENO);
  if (log_fd >= 0) ::dup2(log_fd, STDERR_FILENO);
  char digits[16];
  int at = 15;
  digits[at] = '\0';
  int rest = socket;
  do digits[--at] = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) != 0);
  ::fcntl(socket, F_SETFD, 0);
  const char* const arguments[] = {"dsnn-run", "worker", "--fd", digits + at, nullptr};
  ::execve(program, const_cast<char* const*>(arguments), environment);
  ::_exit(kExecFailed);
}

/// "KEY=VALUE" of this process, with `changes` in place.
std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> out;
  for (const auto& [key, value] : changes) out.push_back(key + "=" + value);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string key = text.substr(0, text.find('='));
    if (std::none_of(changes.begin(), changes.end(), [&](const auto& change) { return change.first == key; }))
      out.push_back(text);
  }
  return out;
}

/// As exec wants it.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

WorkerProcess::WorkerProcess(const Options& options) {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    throw ExitError(70, std::string("cannot make a socket pair for a worker: ") + std::strerror(errno));
  }
  channel_ = Channel(sockets[0]);
  const std::string program = options.program.string();
  int log_fd = -1;
  if (!options.log_file.empty())
    log_fd = ::open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  std::vector<std::string> variables = environment_with(options.environment);
  const std::vector<char*> environment = pointers_to(variables);
  const pid_t driver = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become_worker(program.c_str(), sockets[1], log_fd, environment.data(), driver);
  const int fork_error = errno;
  if (log_fd >= 0) ::close(log_fd);
  ::close(sockets[1]);
  if (pid_ < 0) throw ExitError(70, std::string("cannot start a worker process: ") + std::strerror(fork_error));
  ::setpgid(pid_, pid_);
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));  // the C library's wrapper is not declared for C++
  if (pid_fd_ >= 0) ::fcntl(pid_fd_, F_SETFD, FD_CLOEXEC);
}

WorkerProcess::~WorkerProcess() {
  if (!end_) {
    kill_group();
    wait_end(std::chrono::seconds(5));
  }
  if (pid_fd_ >= 0) ::close(pid_fd_);
}

void WorkerProcess::terminate_group() const { ::kill(-pid_, SIGTERM); }

void WorkerProcess::kill_group() const { ::kill(-pid_, SIGKILL); }

std::optional<ProcessEnd> WorkerProcess::poll_end() {
  if (end_) return end_;
  int status = 0;
  const pid_t got = ::waitpid(pid_, &status, WNOHANG);
  if (got == 0 || (got < 0 && errno == EINTR)) return std::nullopt;
  ProcessEnd end;
  if (got == pid_ && WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  if (got == pid_ && WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  end_ = end;
  kill_group();
  return end_;
}

bool WorkerProcess::wait_end(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!poll_end()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wait{.fd = pid_fd_, .events = POLLIN, .revents = 0};
    ::poll(&wait, 1, static_cast<int>(pid_fd_ >= 0 ? left.count() : std::min<int64_t>(left.count(), 20)));
  }
  return true;
}

void become_subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

void end_orphans(const pid_t* begin, const pid_t* end) {
  const std::string file = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  std::ifstream children(file);
  for (pid_t child = 0; children >> child;) {
    if (std::find(begin, end, child) != end) continue;
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
  }
}

}  // namespace dsnn::execution
