#pragma once

#include <filesystem>
#include <vector>

#include "config/spec.h"
#include "dsnn/evaluator.h"
#include "execution/signals.h"

namespace dsnn::execution {

/// Looks at experiments before any of them runs: asks a worker process for check_spec() of each. One entry per spec. A
/// worker that crashes or hangs over a spec is replaced and that spec goes unchecked: its trials say why. Throws
/// PluginError when a plugin cannot be used, and ExitError 75 when a stop was asked for.
std::vector<Findings> check(const std::vector<const config::ExperimentSpec*>& specs,
                            const std::vector<std::filesystem::path>& plugin_dirs, StopSignals* stop);

}  // namespace dsnn::execution
