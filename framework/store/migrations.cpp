#include "store/migrations.h"

#include <array>
#include <string>

#include "dsnn/error.h"
#include "dsnn/version.h"
#include "store/run_lock.h"
#include "store/schema.h"

namespace dsnn::store {
namespace {

constexpr int64_t kApplicationId = 0x64736E6E;  // "dsnn"
constexpr std::array<Migration, 1> kMigrations = {{{1, kSchemaVersion1}}};
static_assert(kMigrations.back().to == kStoreVersion);

bool is_empty(Database& database) {
  auto q = database.query("SELECT count(*) FROM sqlite_schema");
  return q.step() && q.integer(0) == 0;
}

/// The version of a store of ours; 0 = a new file.
int64_t version_of(Database& database, std::span<const Migration> steps) {
  const int64_t version = database.pragma("user_version");
  if (database.pragma("application_id") != kApplicationId) {
    if (version == 0 && is_empty(database)) return 0;
    throw ExitError(74,
                    "'" + database.file().string() + "' is an SQLite file of another program, not a store of dsnn-run");
  }
  if (version > steps.back().to) {
    throw ExitError(78, "the store '" + database.file().string() + "' has schema version " + std::to_string(version) +
                            ", and this program (" + kVersion + ") knows versions up to " +
                            std::to_string(steps.back().to) + "; nothing was changed: use a newer dsnn-run");
  }
  return version;
}

void apply(Database& database, const Migration& step) {
  Transaction transaction(database);
  database.execute(std::string(step.sql));
  database.execute("PRAGMA application_id=" + std::to_string(kApplicationId));
  database.execute("PRAGMA user_version=" + std::to_string(step.to));
  const auto set = [&](const char* key, const std::string& value) {
    database.query("INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value=excluded.value")
        .bind(key, value)
        .run();
  };
  set("schema_version", std::to_string(step.to));
  set("min_reader_version", std::to_string(step.to));
  set("app_version", kVersion);
  if (step.to == 1) set("created_us", std::to_string(now_us()));
  transaction.commit();
}

void check_pages(Database& database) {
  auto q = database.query("PRAGMA quick_check(1)");
  if (q.step() && q.text(0) == "ok") return;
  throw ExitError(74, "the store '" + database.file().string() + "' is damaged (" + q.text(0) +
                          "); restore it from a backup, or start anew with --fresh");
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

void migrate(Database& database, std::span<const Migration> steps) {
  const int64_t version = version_of(database, steps);
  if (version > 0) check_pages(database);
  if (version > 0 && version < steps.back().to) {
    auto copy = database.file();
    copy += ".v" + std::to_string(version) + ".backup";
    database.backup(copy);
  }
  for (const Migration& step : steps) {
    if (step.to > version) apply(database, step);
  }
}

void check_version(Database& database, std::span<const Migration> steps) {
  const int64_t version = version_of(database, steps);
  if (version == steps.back().to) return;
  if (version == 0) {
    throw ExitError(69, "the store '" + database.file().string() +
                            "' is empty: it was never written, or it was lost; nothing can be read from it");
  }
  throw ExitError(69, "the store '" + database.file().string() + "' has schema version " + std::to_string(version) +
                          ", expected " + std::to_string(steps.back().to) +
                          "; run its experiment once with this program, which upgrades it after a backup");
}

}  // namespace dsnn::store
