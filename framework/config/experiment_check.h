#pragma once

#include <optional>
#include <set>
#include <string>

#include "config/diagnostics.h"
#include "config/document.h"
#include "config/matrix.h"
#include "config/spec.h"

namespace dsnn::config {

/// Checks one cell's merged tree and freezes it. nullopt when there were errors. The names of the declared parameters
/// it uses are added to `used`, all of them when it cannot tell because a plugin is missing. The spec's seed is left at
/// 0.
std::optional<ExperimentSpec> check_experiment(const Node& tree, const Cell& cell, const plugin::Catalog& catalog,
                                               Diagnostics& diagnostics, std::set<std::string, std::less<>>& used);

}  // namespace dsnn::config
