#pragma once

#include <filesystem>
#include <vector>

#include "config/spec.h"
#include "dsnn/evaluator.h"

namespace dsnn::execution {

/// Asks a worker what it knows of a configuration without data or training: graph, layers, analytic metrics. Starts
/// and ends one worker process. Throws ConfigError or PluginError when the experiment cannot be made here.
Description describe(const config::ExperimentSpec& spec, const Configuration& configuration,
                     const std::vector<std::filesystem::path>& plugin_dirs);

}  // namespace dsnn::execution
