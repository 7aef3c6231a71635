#pragma once

#include <filesystem>

#include "dsnn/value.h"
#include "store/store.h"

namespace dsnn::report {

/// Everything report.html shows, as the JSON that is embedded in it (report data version 1, dsnn/version.h).
/// Reads the store, and beside it only each trial's log tail, layers.csv and the run's environment.json when they are
/// there.
Value report_data(const std::filesystem::path& run_folder, const store::Store& store);

}  // namespace dsnn::report
