#pragma once

#include "config/schema_check.h"
#include "config/spec.h"

namespace dsnn::config {

/// Configurations written in the file (`names: parameters` of a schema) against the search space: every id is a
/// parameter, every value lies in its domain, nothing is inactive, no two are the same. Writes the values into
/// spec.tree as the space holds them: `[16]` as the label of a list, 1 as 1.0.
void check_start_points(SchemaCheck& check, ExperimentSpec& spec);

}  // namespace dsnn::config
