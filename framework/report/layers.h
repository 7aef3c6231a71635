#pragma once

#include <filesystem>

#include "dsnn/value.h"

namespace dsnn::report {

/// The rows of a trial's layers.csv (layer, type, weight_bits, activation_bits, macs, parameters, share) as a list of
/// maps; an empty list when the file is missing. Damaged rows are left out.
Value read_layers(const std::filesystem::path& file);

}  // namespace dsnn::report
