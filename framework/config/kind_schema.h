#pragma once

#include <string>
#include <vector>

#include "config/field.h"
#include "dsnn/kind.h"
#include "plugin/catalog.h"

namespace dsnn::config {

/// The keys every component of a kind has, whatever its own schema says; a component that declares one of them itself
/// overrides it. They stay when an `extends` changes the section's type.
const std::vector<FieldSpec>& kind_fields(Kind kind);

/// A component's own keys followed by those of its kind. Throws PluginError when its schema cannot be read.
std::vector<FieldSpec> component_fields(const plugin::ComponentInfo& component);

/// Keys of one entry of `operator.overrides`: the operator's own, and `layers`.
std::vector<FieldSpec> override_fields(const plugin::ComponentInfo& component);

/// "optimizers/sgd": where the component's plugin and docs are found.
std::string schema_name(Kind kind, const std::string& component);

}  // namespace dsnn::config
