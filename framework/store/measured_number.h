#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace dsnn::store {

/// A double as two columns: SQLite turns NaN into NULL, and a missing value must stay another thing than NaN.
struct MeasuredNumber {
  std::optional<double> value;  ///< nullopt unless finite
  const char* kind;             ///< finite, nan, pinf, ninf
};

inline MeasuredNumber to_columns(double v) {
  if (std::isfinite(v)) return {v, "finite"};
  if (std::isnan(v)) return {std::nullopt, "nan"};
  return {std::nullopt, v > 0 ? "pinf" : "ninf"};
}

inline double from_columns(double value, const std::string& kind) {
  if (kind == "finite") return value;
  if (kind == "pinf") return std::numeric_limits<double>::infinity();
  if (kind == "ninf") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace dsnn::store
