#include "store/database.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "dsnn/error.h"
#include "dsnn/log.h"
#include "dsnn/version.h"

namespace dsnn::store {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// SQLite's own limit of 512 less "-journal", links followed and from the root.
constexpr size_t kLongestPath = 504;
constexpr auto kTimeout = std::chrono::seconds(120);
constexpr auto kWarnAfter = std::chrono::seconds(5);

/// Short randomised waits: SQLite's own back-off starves some writers for seconds.
int wait_for_lock(void*, int tries) {
  thread_local Clock::time_point start;
  thread_local bool warned = false;
  thread_local std::minstd_rand jitter{std::random_device{}()};
  if (tries == 0) {
    start = Clock::now();
    warned = false;
  }
  const auto waited = Clock::now() - start;
  if (waited > kTimeout) return 0;
  if (waited > kWarnAfter && !warned) {
    warned = true;
    log(LogLevel::warning, "the store is locked by another process; still waiting");
  }
  std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int>(500, 20000)(jitter)));
  return 1;
}

void refuse_network_file_system(const fs::path& file) {
  struct statfs info {};
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (::statfs(folder.c_str(), &info) != 0) return;
  const auto name = network_file_system(static_cast<int64_t>(info.f_type));
  if (!name) return;
  throw ExitError(73, "cannot keep the store '" + file.string() + "' on " + *name +
                          ": the embedded store needs a file system of this machine; choose --out on a local disk "
                          "and copy the run's folder when it is finished");
}

/// The limit of the file size, when one of the store's files has come so near to it that a page no longer fits. SQLite
/// forgets the number of such an error.
std::optional<int64_t> limit_reached(const fs::path& file) {
  constexpr uintmax_t kRoom = 64 * 1024;  // of one write
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code missing;
    const uintmax_t size = fs::file_size(file.string() + suffix, missing);
    if (!missing && size + kRoom > limit.rlim_cur) return static_cast<int64_t>(limit.rlim_cur);
  }
  return std::nullopt;
}

int open_flags(Open mode) {
  switch (mode) {
    case Open::create:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Open::read_write:
      return SQLITE_OPEN_READWRITE;
    case Open::read_only:
      return SQLITE_OPEN_READONLY;
  }
  return SQLITE_OPEN_READONLY;
}

}  // namespace

std::optional<std::string> network_file_system(int64_t statfs_magic) {
  static constexpr std::array<std::pair<uint32_t, const char*>, 10> kNames = {{{0x6969u, "NFS"},
                                                                               {0x0BD00BD0u, "Lustre"},
                                                                               {0x47504653u, "GPFS"},
                                                                               {0xFF534D42u, "CIFS"},
                                                                               {0xFE534D42u, "SMB"},
                                                                               {0x517Bu, "SMB"},
                                                                               {0x5346414Fu, "AFS"},
                                                                               {0x00C36400u, "Ceph"},
                                                                               {0x19830326u, "BeeGFS"},
                                                                               {0x7461636Fu, "OCFS2"}}};
  const auto magic = static_cast<uint32_t>(statfs_magic & 0xFFFFFFFF);
  const auto* found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& n) { return n.first == magic; });
  if (found == kNames.end()) return std::nullopt;
  return found->second;
}

std::string immutable_uri(const fs::path& file) {
  std::string out = "file://";
  for (const char c : fs::absolute(file).lexically_normal().string()) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '#':
        out += "%23";
        break;
      case '?':
        out += "%3f";
        break;
      default:
        out += c;
    }
  }
  return out + "?immutable=1";
}

void refuse_long_path(const fs::path& file, int exit_code) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(file, error);
  const size_t bytes = (error ? fs::absolute(file).lexically_normal() : real).native().size();
  if (bytes <= kLongestPath) return;
  throw ExitError(exit_code, "the path of the store '" + file.string() + "' is too long: " + std::to_string(bytes) +
                                 " bytes from the root, and SQLite takes at most " + std::to_string(kLongestPath) +
                                 "; choose a shorter --out or name, or reach the run from a shorter path");
}

Database::Database(const fs::path& file, Open mode) : file_(file), mode_(mode) {
  refuse_long_path(file, mode == Open::read_only ? 69 : 73);
  std::error_code error;
  if (mode != Open::create && !fs::exists(file, error)) {
    if (error) throw ExitError(69, "cannot open the store '" + file.string() + "': " + error.message());
    throw ExitError(69, "no store '" + file.string() + "': expected a run's folder with study.sqlite in it");
  }
  if (mode != Open::read_only) refuse_network_file_system(file);
  int code = sqlite3_open_v2(file.c_str(), &handle_, open_flags(mode) | SQLITE_OPEN_NOMUTEX, nullptr);
  try {
    if (code != SQLITE_OK) fail(code, "open");
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_handler(handle_, wait_for_lock, nullptr);
    configure();
  } catch (const ExitError&) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

Database::~Database() {
  for (auto& [sql, cached] : cache_) sqlite3_finalize(cached->statement);
  sqlite3_close_v2(handle_);
}

void Database::configure() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  execute("PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON;");
  if (mode_ == Open::read_only) {
    // A WAL store in a folder we may not write has no shared-memory file; nobody else can be writing it then either.
    const int code = sqlite3_exec(handle_, "SELECT 1 FROM sqlite_schema LIMIT 1", nullptr, nullptr, nullptr) & 0xFF;
    if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY) return;
    refuse_unmerged_journal();
    sqlite3_close_v2(std::exchange(handle_, nullptr));
    const std::string uri = immutable_uri(file_);
    const int again =
        sqlite3_open_v2(uri.c_str(), &handle_, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
    if (again != SQLITE_OK) fail(again, "open");
    return;
  }
  execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
  note_file();
}

void Database::refuse_unmerged_journal() const {
  fs::path journal = file_;
  journal += "-wal";
  std::error_code error;
  const auto bytes = fs::file_size(journal, error);
  if (error || bytes == 0) return;
  throw ExitError(69, "cannot read the store '" + file_.string() + "': its newest rows are still in " +
                          journal.filename().string() + " (" + std::to_string(bytes) +
                          " bytes) beside it, and its folder cannot be written. Copy the run's folder, this file "
                          "included, to a place that can be written, and read it there");
}

void Database::note_file() {
  struct stat info {};
  if (::stat(file_.c_str(), &info) != 0) return;
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

void Database::refuse_lost_file() const {
  struct stat now {};
  if (::stat(file_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == inode_) return;
  throw ExitError(69, "the store '" + file_.string() +
                          "' was removed or replaced while this process used it; nothing more is recorded. Put the "
                          "run's folder back where it was and run the same command again, or start anew");
}

void Database::fail(int code, const char* what) const {
  const int primary = code & 0xFF;
  const int system_error = handle_ ? sqlite3_system_errno(handle_) : 0;
  const std::string reason = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  const std::string where = std::string("cannot ") + what + " the store '" + file_.string() + "': ";
  if (primary == SQLITE_FULL || system_error == ENOSPC || system_error == EDQUOT) {
    std::error_code error;
    const auto space = fs::space(file_.has_parent_path() ? file_.parent_path() : fs::path("."), error);
    throw ExitError(74, where + "the disk is full" +
                            (error ? "" : " (" + std::to_string(space.available) + " bytes left)") +
                            "; nothing acknowledged is lost: free some space and run the same command again");
  }
  if (const std::optional<int64_t> limit = primary == SQLITE_IOERR ? limit_reached(file_) : std::nullopt) {
    throw ExitError(74, where + "a file may not grow beyond " + std::to_string(*limit) +
                            " bytes here; nothing acknowledged is lost: raise the limit (ulimit -f) and run the same "
                            "command again");
  }
  switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw ExitError(69, where + "another process has kept it locked for 120 s; end that process or wait for it");
    case SQLITE_IOERR:
      throw ExitError(74, where + "I/O error (" + reason + ", " + std::strerror(system_error) + ")");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw ExitError(74, where + "it is damaged or no store of dsnn-run (" + reason +
                              "); restore it from a backup, or start anew with --fresh");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      throw ExitError(mode_ == Open::read_only ? 69 : 73,
                      where + (system_error != 0 ? std::strerror(system_error) : reason.c_str()) +
                          "; the store and its folder must be readable" +
                          (mode_ == Open::read_only ? "" : " and writable"));
    default:
      throw ExitError(70, where + reason + "; this is a bug in dsnn-run, please report it");
  }
}

sqlite3_stmt* Database::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(code, mode_ == Open::read_only ? "read" : "write");
  return statement;
}

Query Database::query(const char* sql) {
  auto found = cache_.find(std::string_view(sql));
  if (found == cache_.end()) {
    auto cached = std::make_unique<Cached>();
    cached->statement = prepare(sql);
    found = cache_.emplace(sql, std::move(cached)).first;
  } else if (found->second->in_use) {
    return Query(*this, prepare(sql), nullptr);
  }
  found->second->in_use = true;
  return Query(*this, found->second->statement, &found->second->in_use);
}

void Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, "write");
}

int64_t Database::changes() const { return sqlite3_changes(handle_); }
int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_); }

int64_t Database::pragma(const char* name) {
  Query q(*this, prepare((std::string("PRAGMA ") + name).c_str()), nullptr);
  return q.step() ? q.integer(0) : 0;
}

void Database::backup(const fs::path& target) {
  std::error_code ignored;
  fs::remove(target, ignored);
  sqlite3* copy = nullptr;
  int code = sqlite3_open_v2(target.c_str(), &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_backup* job = sqlite3_backup_init(copy, "main", handle_, "main");
    if (job != nullptr) sqlite3_backup_step(job, -1);
    sqlite3_backup_finish(job);
    code = sqlite3_errcode(copy);
  }
  const std::string reason = sqlite3_errmsg(copy);
  sqlite3_close_v2(copy);
  if (code != SQLITE_OK && code != SQLITE_DONE) {
    throw ExitError(74, "cannot back up the store to '" + target.string() + "': " + reason + "; nothing was changed");
  }
}

Query::Query(Database& database, sqlite3_stmt* statement, bool* in_use)
    : database_(&database), statement_(statement), in_use_(in_use) {}

Query::Query(Query&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      in_use_(other.in_use_),
      next_(other.next_) {}

Query::~Query() {
  if (statement_ == nullptr) return;
  if (in_use_ == nullptr) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  *in_use_ = false;
}

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  database_->fail(code, database_->mode_ == Open::read_only ? "read" : "write");  // a COMMIT says that it only reads
}

void Query::run() {
  while (step()) {
  }
}

int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Query::number(int column) const { return sqlite3_column_double(statement_, column); }
std::string Query::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_, column);
  if (bytes == nullptr) return "";
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}
bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::optional<int64_t> Query::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}
std::optional<double> Query::maybe_number(int column) const {
  if (is_null(column)) return std::nullopt;
  return number(column);
}

void Query::bind_next(int64_t v) { sqlite3_bind_int64(statement_, next_++, v); }
void Query::bind_next(double v) { sqlite3_bind_double(statement_, next_++, v); }
void Query::bind_next(std::string_view v) {
  sqlite3_bind_text64(statement_, next_++, v.data() ? v.data() : "", v.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void Query::bind_null() { sqlite3_bind_null(statement_, next_++); }

Transaction::Transaction(Database& database, Kind kind) : database_(database), kind_(kind) {
  if (database_.depth_ == 0) database_.query(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN").run();
  ++database_.depth_;
}

void Transaction::commit() {
  DSNN_ASSERT(open_);
  if (database_.depth_ == 1) {
    if (kind_ == Kind::write) database_.refuse_lost_file();
    database_.query("COMMIT").run();
  }
  --database_.depth_;
  open_ = false;
}

Transaction::~Transaction() {
  if (!open_) return;
  --database_.depth_;
  // A full disk makes SQLite roll back by itself; then there is nothing left to undo.
  if (database_.depth_ == 0 && sqlite3_get_autocommit(database_.handle_) == 0) {
    sqlite3_exec(database_.handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

}  // namespace dsnn::store
