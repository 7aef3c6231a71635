#pragma once

#include <string>

#include "config/spec.h"
#include "plugin/catalog.h"

namespace dsnn::cli {

/// What a study will do: parameters with domain and default, rungs, numbers of trials and configurations. Asks the
/// fidelity scheduler, with made-up results; trains nothing and writes nothing.
std::string plan_text(const config::ExperimentSpec& spec, const plugin::Catalog& catalog);

}  // namespace dsnn::cli
