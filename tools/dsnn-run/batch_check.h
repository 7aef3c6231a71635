#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/spec.h"
#include "execution/signals.h"
#include "plugin/catalog.h"

namespace dsnn::cli {

/// What came of looking at every study of a batch before the first one runs.
struct BatchCheck {
  int exit_code = 0;                            ///< not 0: the messages were printed and nothing may run
  std::vector<std::vector<std::string>> notes;  ///< of each study, for its log
};

/// Lets a worker check the studies (see execution::check) and prints what is wrong. A study that began earlier below
/// `out` was checked then; with `fresh` it begins anew. Repetitions with other seeds share one check.
BatchCheck check_batch(const std::vector<config::ExperimentSpec>& specs, const std::filesystem::path& out, bool fresh,
                       const plugin::Catalog& catalog, execution::StopSignals& stop);

}  // namespace dsnn::cli
