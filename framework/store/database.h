#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace dsnn::store {

class Database;

/// One use of a prepared statement: bind, step, read; the statement goes back to the cache when this ends.
/// Parameters count from 1 in the order of bind(), columns from 0.
class Query {
 public:
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;
  ~Query();

  /// Binds the next parameters in order.
  template <class... Args>
  Query& bind(const Args&... args) {
    (bind_next(args), ...);
    return *this;
  }
  bool step();  ///< true = a row is there
  void run();   ///< to the end
  int64_t integer(int column) const;
  double number(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;
  std::optional<int64_t> maybe_integer(int column) const;
  std::optional<double> maybe_number(int column) const;

 private:
  friend class Database;
  Query(Database& database, sqlite3_stmt* statement, bool* in_use);
  void bind_next(int64_t v);
  void bind_next(int v) { bind_next(static_cast<int64_t>(v)); }
  void bind_next(double v);
  void bind_next(std::string_view v);
  void bind_next(const std::string& v) { bind_next(std::string_view(v)); }
  void bind_next(const char* v) { bind_next(std::string_view(v)); }
  template <class T>
  void bind_next(const std::optional<T>& v) {
    if (v) {
      bind_next(*v);
    } else {
      bind_null();
    }
  }
  void bind_null();

  Database* database_;
  sqlite3_stmt* statement_;
  bool* in_use_;  ///< nullptr = not cached: finalised here
  int next_ = 1;
};

/// A SQLite connection with a statement cache. One thread. Opens with WAL, synchronous FULL, foreign keys,
/// trusted_schema off, defensive mode and a fair busy handler. Every failure is an ExitError with the file's name:
/// 69 (locked beyond the timeout, removed or replaced meanwhile), 73, 74 (disk full, I/O, damaged), 70 (a bug).
class Database {
 public:
  Database(const std::filesystem::path& file, Open mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// A statement, prepared once.
  Query query(const char* sql);
  /// Any number of statements without results.
  void execute(const std::string& sql);
  int64_t changes() const;  ///< rows of the last write
  int64_t last_id() const;
  int64_t pragma(const char* name);
  const std::filesystem::path& file() const { return file_; }
  /// A consistent copy, through the backup API. Replaces `target`.
  void backup(const std::filesystem::path& target);

 private:
  friend class Query;
  friend class Transaction;
  struct Cached {
    sqlite3_stmt* statement = nullptr;
    bool in_use = false;
  };
  [[noreturn]] void fail(int code, const char* what) const;
  void configure();
  void note_file();
  /// Throws ExitError 69 when rows of a store that is opened as if nobody ever wrote it are not in its main file.
  void refuse_unmerged_journal() const;
  /// Throws ExitError 69 when the file is no longer the one that was opened.
  void refuse_lost_file() const;
  sqlite3_stmt* prepare(const char* sql);

  std::filesystem::path file_;
  Open mode_;
  sqlite3* handle_ = nullptr;
  std::map<std::string, std::unique_ptr<Cached>, std::less<>> cache_;
  uint64_t device_ = 0, inode_ = 0;  ///< of the file when it was opened
  int depth_ = 0;                    ///< open Transaction objects
};

/// BEGIN IMMEDIATE (or a read snapshot) to commit(); the destructor rolls back. Inside another one it does nothing:
/// the outermost decides.
class Transaction {
 public:
  enum class Kind { write, read };
  explicit Transaction(Database& database, Kind kind = Kind::write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  Kind kind_;
  bool open_ = true;
};

/// The name under which SQLite opens a file on a medium that nobody can write; any path, whatever it is called.
std::string immutable_uri(const std::filesystem::path& file);

/// Throws ExitError when SQLite cannot take the path of `file`.
void refuse_long_path(const std::filesystem::path& file, int exit_code);

/// "NFS", "Lustre", ... for a statfs magic on which SQLite's WAL does not work (it needs memory shared between hosts).
std::optional<std::string> network_file_system(int64_t statfs_magic);

}  // namespace dsnn::store
