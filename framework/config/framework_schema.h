#pragma once

#include <vector>

#include "config/field.h"

namespace dsnn::config {

/// The top-level sections that belong to the framework itself, in the order of the resolved experiment. What they hold
/// is never searched.
const std::vector<FieldSpec>& framework_sections();

/// The top-level keys that are no sections: schema, name, extends, requires, seed, matrix, parameters.
const std::vector<FieldSpec>& framework_keys();

}  // namespace dsnn::config
