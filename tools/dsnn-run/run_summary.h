#pragma once

#include <string>

#include "config/spec.h"
#include "execution/session.h"

namespace dsnn::cli {

/// The last lines of `run`: the front as a table (or the one trial's values), the report, totals of energy and
/// emissions, what ended the run and the command that goes on.
std::string run_summary(const config::ExperimentSpec& spec, const execution::SessionResult& result,
                        const std::string& command);

}  // namespace dsnn::cli
