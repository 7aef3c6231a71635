#pragma once

#include <string_view>

namespace dsnn::energy {

/// The text of data/carbon_intensity.csv, embedded at build time.
extern const std::string_view kCarbonCsv;

}  // namespace dsnn::energy
