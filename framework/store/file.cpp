#include "store/file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dsnn/error.h"
#include "store/run_names.h"

namespace dsnn::store {
namespace {

namespace fs = std::filesystem;

/// Owns a file descriptor; close errors of written files are checked by close_checked().
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool close_checked() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::string& what, const fs::path& path, int error) {
  const bool cannot_create = error == EACCES || error == EPERM || error == ENOENT || error == EROFS ||
                             error == ENOTDIR || error == ELOOP || error == EISDIR || error == ENAMETOOLONG ||
                             error == ENXIO;
  std::string text = "cannot " + what + " '" + path.string() + "': " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) {
    text += "; nothing recorded so far is lost: free some space and run the same command again";
  }
  if (error == EFBIG) {
    text += "; nothing recorded so far is lost: raise the limit (ulimit -f) and run the same command again";
  }
  throw ExitError(cannot_create ? 73 : 74, text);
}

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

constexpr const char* kTemporary = ".tmp.";

fs::path temporary_name(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  return folder_of(path) / (kTemporary + std::to_string(::getpid()) + "." + std::to_string(counter++) + "." +
                            path.filename().string().substr(0, 100));
}

/// ".tmp.<process>.<counter>.<name>", as temporary_name() makes them.
bool is_temporary(const std::string& name) {
  if (!name.starts_with(kTemporary)) return false;
  const char* at = name.c_str() + std::strlen(kTemporary);
  for (int field = 0; field < 2; ++field) {
    if (*at < '0' || *at > '9') return false;
    while (*at >= '0' && *at <= '9') ++at;
    if (*at++ != '.') return false;
  }
  return true;
}

template <class Iterator>
void remove_temporaries(Iterator entry) {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (; !ignored && entry != Iterator(); entry.increment(ignored)) {
    if (is_temporary(entry->path().filename().string())) found.push_back(entry->path());
  }
  for (const fs::path& file : found) fs::remove(file, ignored);
}

/// Incremental SHA-256.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    DSNN_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(std::string_view bytes) { DSNN_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    DSNN_ASSERT(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (unsigned int i = 0; i < size; ++i) {
      out += kDigits[digest[i] >> 4];
      out += kDigits[digest[i] & 15];
    }
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

template <class Sink>
void read_chunks(const fs::path& path, Sink sink) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) throw ExitError(74, "cannot read '" + path.string() + "': " + std::strerror(errno));
  std::string buffer(size_t{1} << 16, '\0');
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw ExitError(74, "cannot read '" + path.string() + "': " + std::strerror(errno));
    if (n == 0) return;
    sink(std::string_view(buffer.data(), static_cast<size_t>(n)));
  }
}

/// The file is new, or replaced as a whole. It gets mode and owner of `like`, where it may; the umask decides without.
void replace_file(const fs::path& path, std::string_view bytes, const struct stat* like) {
  const fs::path temporary = temporary_name(path);
  try {
    Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd.get() < 0) fail("create", path, errno);
    if (like != nullptr) {
      const int owner = ::fchown(fd.get(), like->st_uid, like->st_gid);  // only root may give files away
      if (owner == 0 || like->st_uid == ::geteuid()) ::fchmod(fd.get(), like->st_mode & 07777);
    }
    write_all(fd.get(), bytes, path);
    if (::fdatasync(fd.get()) != 0) fail("write", path, errno);
    if (!fd.close_checked()) fail("write", path, errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail("create", path, errno);
  } catch (const ExitError&) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_folder(folder_of(path));
}

/// Without SIGPIPE for as long as it lives: a reader that went away is an error, not the end of this process.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoPipeSignal() {
    const timespec now{};
    if (sigismember(&before_, SIGPIPE) == 0) sigtimedwait(&pipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;

 private:
  sigset_t pipe_{}, before_{};
};

void write_stream(int fd, std::string_view bytes, const fs::path& path) {
  const NoPipeSignal quiet;
  write_all(fd, bytes, path);
}

/// A pipe, a device or a terminal stays what it is and gets the bytes.
void write_through(const fs::path& path, std::string_view bytes) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  if (fd.get() < 0) fail("write to", path, errno);
  write_stream(fd.get(), bytes, path);
  if (!fd.close_checked()) fail("write", path, errno);
}

/// The open stream that goes into the file `there`: the one that `path` names, as /dev/fd/3 does, or standard output or
/// error, which the shell may have sent there; -1 when none does. Replacing such a file would leave the shell with the
/// old one.
int open_stream(const fs::path& path, const struct stat& there) {
  const std::string name = path.lexically_normal().string();
  std::vector<int> streams = {STDOUT_FILENO, STDERR_FILENO};
  for (const std::string_view place : {"/dev/fd/", "/proc/self/fd/"}) {
    if (name.starts_with(place)) streams.insert(streams.begin(), std::atoi(name.c_str() + place.size()));
  }
  for (const int fd : streams) {
    struct stat open {};
    if (::fstat(fd, &open) == 0 && open.st_dev == there.st_dev && open.st_ino == there.st_ino) return fd;
  }
  return -1;
}

/// `path` with every link followed, also one whose target is not there yet.
fs::path without_links(fs::path path) {
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(path, error); ++links) {
    const fs::path target = fs::read_symlink(path, error);
    path = target.is_absolute() ? target : folder_of(path) / target;
  }
  const fs::path folder = fs::weakly_canonical(fs::absolute(folder_of(path)), error);
  return error ? path : folder / path.filename();
}

}  // namespace

void sync_folder(const fs::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) fail("open the folder", folder, errno);
  // Some file systems cannot sync a folder and say EINVAL; there is nothing more to do there.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) fail("sync the folder", folder, errno);
}

void write_file_atomically(const fs::path& path, std::string_view bytes) { replace_file(path, bytes, nullptr); }

void write_output(const fs::path& path, std::string_view bytes) {
  struct stat there {};
  const bool exists = ::stat(path.c_str(), &there) == 0;
  if (!exists && errno != ENOENT) fail("create", path, errno);
  const fs::path real = without_links(path);
  if (const auto run = run_that_owns(real)) {
    throw ExitError(73, "cannot write to '" + path.string() + "': it is a file of the run in '" + run->string() +
                            "'; choose another name");
  }
  if (!exists) return replace_file(real, bytes, nullptr);
  if (const int fd = open_stream(path, there); fd >= 0) return write_stream(fd, bytes, path);
  if (!S_ISREG(there.st_mode)) return write_through(path, bytes);
  replace_file(real, bytes, &there);
}

void remove_half_written(const fs::path& run_folder) {
  std::error_code ignored;
  remove_temporaries(fs::directory_iterator(run_folder, ignored));
  for (const char* own : {"trials", "models", "source"}) {
    remove_temporaries(
        fs::recursive_directory_iterator(run_folder / own, fs::directory_options::skip_permission_denied, ignored));
  }
}

std::string read_file(const fs::path& path) {
  std::string out;
  read_chunks(path, [&](std::string_view bytes) { out += bytes; });
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

std::string sha256_file(const fs::path& path) {
  Sha256 hash;
  read_chunks(path, [&](std::string_view bytes) { hash.add(bytes); });
  return hash.hex();
}

}  // namespace dsnn::store
