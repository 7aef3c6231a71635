#pragma once

#include "config/kind_schema.h"
#include "config/schema_check.h"
#include "config/spec.h"

namespace dsnn::config {

/// The checks that need several sections at once, and the typed parts of a spec that come out of them. Each reads
/// spec.tree; mistakes go to `check`.
void read_targets(SchemaCheck& check, ExperimentSpec& spec);
/// `budget_keys`: the evaluator's sections, where the budget's key is looked up. Writes the full budget into the tree.
void read_fidelity(SchemaCheck& check, const std::vector<FieldSpec>& budget_keys, ExperimentSpec& spec);
void read_limits(ExperimentSpec& spec);
void read_execution(SchemaCheck& check, ExperimentSpec& spec);
void read_grid(SchemaCheck& check, ExperimentSpec& spec);
/// Every text that names a metric, a meter, an axis, a parameter ... against what the experiment has. Start points
/// are rewritten in the types of the search space. `complete`: nothing is wrong so far, so the search space is known.
void check_names(SchemaCheck& check, ExperimentSpec& spec, bool complete);
/// Names of objectives, constraints and parameters: each is a column of the trial table, and no two may be the same.
void check_columns(SchemaCheck& check, const ExperimentSpec& spec);
/// Warns of a single rung, and of limits that end a study before any configuration reaches the full budget.
void warn_of_budget(SchemaCheck& check, const ExperimentSpec& spec);
/// Warns of bounds of a trial that nobody keeps when trials run inside the driver.
void warn_of_inline_limits(SchemaCheck& check, const ExperimentSpec& spec);
/// Warns of searched keys that set a number of the layers for which the cost model behind an objective charges nothing.
void warn_of_costless_keys(SchemaCheck& check, const ExperimentSpec& spec);

}  // namespace dsnn::config
