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
void read_report(SchemaCheck& check, const ExperimentSpec& spec);
/// Warns of searched keys that set a number of the layers for which the cost model behind an objective charges nothing.
void warn_of_costless_keys(SchemaCheck& check, ExperimentSpec& spec);

}  // namespace dsnn::config
