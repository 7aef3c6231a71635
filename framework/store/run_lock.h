#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace dsnn::store {

/// Who has written itself into a run's lock file.
struct LockHolder {
  std::string host, boot_id;
  int64_t pid = 0;
  int64_t since_us = 0;
};
/// "process 4711 on host 'node3'".
std::string to_string(const LockHolder& holder);

/// The right to drive a run: an flock on <run folder>/lock. The kernel releases it however the holder ends, so a
/// kill never asks for a manual unlock. The file stays; only its lock counts. Not inherited by exec'd children.
class RunLock {
 public:
  /// Takes the lock; makes the folder when it is not there (any more). While another driver has it, calls `waiting`
  /// `give_up` ten times a second. Throws ExitError 75 when that says true, 73 when the file cannot be made.
  static RunLock acquire(const std::filesystem::path& run_folder,
                         const std::function<void(const LockHolder&)>& waiting = {},
                         const std::function<bool()>& give_up = {});
  /// The driver at work on a run now, or nullopt when there is none. Any process may ask.
  static std::optional<LockHolder> holder(const std::filesystem::path& run_folder);

  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;
  ~RunLock();

 private:
  explicit RunLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// /proc/sys/kernel/random/boot_id, "" where there is none.
std::string boot_id();
std::string host_name();
/// Microseconds since the epoch.
int64_t now_us();

}  // namespace dsnn::store
