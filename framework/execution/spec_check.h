#pragma once

#include "config/spec.h"
#include "dsnn/evaluator.h"
#include "plugin/catalog.h"

namespace dsnn::execution {

/// What is wrong with an experiment that schemas cannot see, found in this process: makes its scheduler, acquisition
/// and evaluator, and asks the evaluator (see TrialExecutor::check). May load LibTorch. Throws PluginError.
Findings check_spec(const config::ExperimentSpec& spec, const plugin::Catalog& catalog);

}  // namespace dsnn::execution
