#include "store/run_lock.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dsnn/error.h"
#include "dsnn/value.h"

namespace dsnn::store {
namespace {

namespace fs = std::filesystem;

constexpr auto kPollInterval = std::chrono::milliseconds(100);
// A reader that asks who drives the run holds the lock for microseconds: that is no other driver.
constexpr int kQuickTries = 5;
constexpr auto kQuickInterval = std::chrono::milliseconds(5);

LockHolder read_holder(int fd) {
  std::array<char, 1024> buffer{};
  const ssize_t n = ::pread(fd, buffer.data(), buffer.size(), 0);
  LockHolder holder;
  if (n <= 0) return holder;
  try {
    const Value json = parse_json({buffer.data(), static_cast<size_t>(n)});
    if (const Value* v = json.find("host"); v && v->is_string()) holder.host = v->string();
    if (const Value* v = json.find("boot_id"); v && v->is_string()) holder.boot_id = v->string();
    if (const Value* v = json.find("pid"); v && v->is_int()) holder.pid = v->integer();
    if (const Value* v = json.find("since_us"); v && v->is_int()) holder.since_us = v->integer();
  } catch (const std::invalid_argument&) {
    // A half-written identity: the lock is held all the same.
  }
  return holder;
}

void write_holder(int fd, const fs::path& path) {
  Value json = Value::map();
  json.set("host", host_name());
  json.set("boot_id", boot_id());
  json.set("pid", static_cast<int64_t>(::getpid()));
  json.set("since_us", now_us());
  const std::string text = to_json(json) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    throw ExitError(74, "cannot write '" + path.string() + "': " + std::strerror(errno));
  }
}

bool try_lock(int fd, int operation, const fs::path& path) {
  if (::flock(fd, operation | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK || errno == EINTR) return false;
  throw ExitError(73, "cannot lock '" + path.string() + "': " + std::strerror(errno));
}

bool try_lock_quickly(int fd, const fs::path& path) {
  for (int i = 0; i < kQuickTries; ++i) {
    if (try_lock(fd, LOCK_EX, path)) return true;
    std::this_thread::sleep_for(kQuickInterval);
  }
  return false;
}

/// False when the folder was moved away, or the file replaced, while we waited for its lock.
bool is_file_at(int fd, const fs::path& path) {
  struct stat locked = {}, named = {};
  return ::fstat(fd, &locked) == 0 && ::stat(path.c_str(), &named) == 0 && locked.st_dev == named.st_dev &&
         locked.st_ino == named.st_ino;
}

/// A driver that was refused takes the folder it made away, also from one that waits for its lock.
bool make_folder(const fs::path& folder) {
  std::error_code error;
  return fs::create_directories(folder, error);
}

}  // namespace

std::string to_string(const LockHolder& holder) {
  if (holder.pid == 0) return "another process";
  return "process " + std::to_string(holder.pid) + " on host '" + holder.host + "'";
}

RunLock RunLock::acquire(const fs::path& run_folder, const std::function<void(const LockHolder&)>& waiting,
                         const std::function<bool()>& give_up) {
  const fs::path path = run_folder / "lock";
  bool told = false;
  while (true) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 && errno == ENOENT && make_folder(run_folder)) continue;
    if (fd < 0) throw ExitError(73, "cannot create '" + path.string() + "': " + std::strerror(errno));
    RunLock lock(fd);
    if (!try_lock_quickly(fd, path)) {
      if (waiting && !std::exchange(told, true)) waiting(read_holder(fd));
      while (!try_lock(fd, LOCK_EX, path)) {
        if (give_up && give_up()) {
          throw ExitError(75, "interrupted while waiting for " + to_string(read_holder(fd)) + ", which runs '" +
                                  run_folder.string() + "'");
        }
        std::this_thread::sleep_for(kPollInterval);
      }
    }
    if (!is_file_at(fd, path)) continue;
    write_holder(fd, path);
    return lock;
  }
}

std::optional<LockHolder> RunLock::holder(const fs::path& run_folder) {
  const fs::path path = run_folder / "lock";
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  const RunLock probe(fd);
  if (try_lock(fd, LOCK_SH, path)) return std::nullopt;
  return read_holder(fd);
}

RunLock::RunLock(RunLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

RunLock& RunLock::operator=(RunLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

RunLock::~RunLock() {
  if (fd_ >= 0) ::close(fd_);
}

std::string boot_id() {
  const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  std::array<char, 64> buffer{};
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  ::close(fd);
  std::string text(buffer.data(), n > 0 ? static_cast<size_t>(n) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string host_name() {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return "unknown";
  return buffer.data();
}

int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace dsnn::store
