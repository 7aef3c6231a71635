#pragma once

#include <string>
#include <vector>

#include "dsnn/types.h"
#include "store/store.h"

namespace dsnn::store {

enum class Columns { reproducible, all };

/// The trial table of product.md as CSV (RFC 4180, '\n'): one row per finished trial, by number. With
/// `reproducible`: number, parent, origin, state, fail_kind, bracket, rung, budget columns, one column per parameter
/// id, one per objective and constraint, one per recorded target that has a value, by name. Trial 0, the default
/// configuration, stands outside the brackets: bracket and rung are empty. `all` adds times, hosts,
/// attempts, and every other metric: what the clock or a meter gives, and what no manifest declares.
///
/// Cells of the reproducible table are exactly what the study holds, so that programs can join and compare it; a label
/// such as "=1+1" stays itself there. All other tables, `all` included, are for people: see csv_row_for_people.
std::string trial_table_csv(const Store& store, Columns columns);

/// sha256 in hex of exactly the bytes of trial_table_csv(store, reproducible).
std::string trial_table_sha256(const Store& store);

/// One JSON object per finished trial and line, by number, with maps "configuration", "objectives", "constraints",
/// "metrics". `all` adds what it adds to the CSV, and the energy readings.
std::string trial_table_jsonl(const Store& store, Columns columns);

/// True for every state but waiting and running.
bool is_finished(TrialState state);
/// Failed or diverged.
bool is_failure(TrialState state);

/// The targets of one role, in declared order.
std::vector<Target> targets_of(const std::vector<Target>& targets, Target::Role role);

}  // namespace dsnn::store
