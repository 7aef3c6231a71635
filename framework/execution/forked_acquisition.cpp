#include "execution/forked_acquisition.h"

#include "dsnn/checked_json.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "execution/messages.h"

namespace dsnn::execution {
namespace {

constexpr int kAttempts = 5;  // when somebody kills the copy, as for a trial

/// A configuration, its absence, or an error, as text for the other end of the pipe.
std::string answer(AcquisitionStrategy& strategy, const History& history, const Ask& ask, Rng& rng) {
  try {
    const std::optional<Configuration> found = strategy.suggest(history, ask, rng);
    if (!found) return to_json(message("nothing"));
    return to_json(message("configuration", {{"values", parse_json(found->to_json())}}));
  } catch (const ConfigError& e) {
    return to_json(message("config_error", {{"diagnostics", to_value(e.diagnostics())}}));
  } catch (const PluginError& e) {
    return to_json(message("plugin_error", {{"text", Value(e.what())}, {"exit_code", Value(e.exit_code())}}));
  } catch (const std::exception& e) {
    return to_json(message("exception", {{"text", Value(e.what())}}));
  }
}

void write_all(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // the driver is gone
    done += static_cast<size_t>(n);
  }
}

std::optional<Configuration> understood(const Value& said) {
  const std::string name = name_of(said);
  if (name == "configuration") return Configuration::from_json(checked::member(said, "values"));
  if (name == "config_error") throw ConfigError(diagnostics_from(checked::member(said, "diagnostics")));
  if (name == "plugin_error")
    throw PluginError(checked::text(said, "text"), static_cast<int>(checked::integer(said, "exit_code")));
  if (name == "exception") throw std::runtime_error(checked::text(said, "text"));
  return std::nullopt;
}

/// Reads until the other end closes; false when a stop request came first.
bool read_all(int fd, StopSignals* stop, std::string& out) {
  while (true) {
    pollfd fds[] = {{.fd = fd, .events = POLLIN, .revents = 0},
                    {.fd = stop != nullptr ? stop->fd() : -1, .events = POLLIN, .revents = 0}};
    if (stop != nullptr && stop->count() > 0) return false;
    if (::poll(fds, 2, -1) < 0 || fds[0].revents == 0) continue;
    char buffer[65536];
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    out.append(buffer, static_cast<size_t>(n));
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Lets a copy of this process say something, and ends it when a stop request comes first. The copy's wait status.
template <class Say>
int ask_copy(Say say, StopSignals* stop, std::string& text) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw ExitError(70, "cannot make a pipe: " + std::string(std::strerror(errno)));
  std::fflush(nullptr);  // what waits in a buffer must not be written twice
  const pid_t driver = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw ExitError(70, "cannot start a process for a proposal: " + std::string(std::strerror(errno)));
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != driver) ::_exit(0);
    write_all(ends[1], say());
    std::fflush(nullptr);
    ::_exit(0);
  }
  ::close(ends[1]);
  if (!read_all(ends[0], stop, text)) ::kill(child, SIGKILL);
  ::close(ends[0]);
  return wait_for(child);
}

}  // namespace

ForkedAcquisition::ForkedAcquisition(std::unique_ptr<AcquisitionStrategy> strategy, StopSignals* stop)
    : strategy_(std::move(strategy)), stop_(stop) {}

std::optional<Configuration> ForkedAcquisition::suggest(const History& history, const Ask& ask, Rng& rng) {
  std::string text;
  int status = 0;
  for (int attempt = 0; attempt < kAttempts && text.empty(); ++attempt) {
    status = ask_copy([&] { return answer(*strategy_, history, ask, rng); }, stop_, text);
    if (stop_ != nullptr && stop_->count() > 0) return std::nullopt;
    if (!WIFSIGNALED(status) || !is_from_outside(WTERMSIG(status))) break;
    text.clear();
  }
  if (!text.empty() && !WIFSIGNALED(status)) return understood(parse_json(text));
  const std::string how =
      WIFSIGNALED(status) ? "ended by signal " + std::string(::strsignal(WTERMSIG(status))) : "ended the process";
  throw PluginError("the acquisition strategy " + how + " while it proposed trial " + std::to_string(ask.trial_number));
}

}  // namespace dsnn::execution
