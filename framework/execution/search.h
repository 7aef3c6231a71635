#pragma once

#include <memory>

#include "config/spec.h"
#include "dsnn/acquisition.h"
#include "dsnn/fidelity_scheduler.h"
#include "plugin/catalog.h"
#include "plugin/loader.h"

namespace dsnn::execution {

/// Scheduler and acquisition of a search; both null for a single trial.
struct Search {
  std::unique_ptr<FidelityScheduler> scheduler;
  std::unique_ptr<AcquisitionStrategy> acquisition;
};

/// Those of `spec`; a section that the file leaves out is the kind's default. Throws ConfigError or PluginError.
Search make_search(const config::ExperimentSpec& spec, const plugin::Catalog& catalog, const plugin::Loader& loader);

}  // namespace dsnn::execution
