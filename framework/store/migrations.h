#pragma once

#include <span>
#include <string_view>

#include "store/database.h"

namespace dsnn::store {

/// One step of the schema: from version `to - 1` to `to`. Forward only.
struct Migration {
  int to = 0;
  std::string_view sql;
};

/// All steps of this program; the last one's `to` is kStoreVersion.
std::span<const Migration> migrations();

/// Brings an open store to the last step's version: each step in one transaction, and when there is anything to lose
/// a backup `<file>.v<N>.backup` first. Throws ExitError 78 when the store is newer than the steps, 74 when the file
/// belongs to another program or is damaged.
void migrate(Database& database, std::span<const Migration> steps);

/// For readers: throws like migrate() when the store is newer or foreign, and ExitError 69 when it is older and must
/// be opened by `dsnn-run run` once.
void check_version(Database& database, std::span<const Migration> steps);

}  // namespace dsnn::store
