#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "execution/channel.h"

namespace dsnn::execution {

/// How a process ended.
struct ProcessEnd {
  int exit_code = 0;
  int signal = 0;  ///< 0 = it exited by itself
};

/// One exec'd worker: its process group, socket and end. The child dies with the driver (PR_SET_PDEATHSIG), writes no
/// core, and its stdout and stderr go to `log_file`.
class WorkerProcess {
 public:
  struct Options {
    std::filesystem::path program = "/proc/self/exe";
    std::filesystem::path log_file;                                ///< "" = inherit stderr
    std::vector<std::pair<std::string, std::string>> environment;  ///< in place of the driver's variables
  };
  /// Throws ExitError 70 when no process can be started.
  explicit WorkerProcess(const Options& options);
  /// Ends the whole group at once.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;

  pid_t pid() const { return pid_; }
  int pid_fd() const { return pid_fd_; }  ///< readable when the process has ended
  Channel& channel() { return channel_; }
  void terminate_group() const;  ///< SIGTERM
  void kill_group() const;       ///< SIGKILL
  /// Without waiting: how it ended, once it has. Also ends what is left of its group.
  std::optional<ProcessEnd> poll_end();
  /// Waits for the end at most so long; true when it has ended.
  bool wait_end(std::chrono::milliseconds limit);

 private:
  pid_t pid_ = -1;
  int pid_fd_ = -1;
  Channel channel_;
  std::optional<ProcessEnd> end_;
};

/// Makes this process the parent of orphaned descendants, so that end_orphans() finds them.
void become_subreaper();
/// Ends and reaps every child of this process whose id is not in [begin, end).
void end_orphans(const pid_t* begin, const pid_t* end);

}  // namespace dsnn::execution
