#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parego {

/// Point `index` (from 0) of the Sobol sequence in `dimensions`, shifted by a random offset of `seed` in every
/// dimension (modulo 1). Dimensions past the table of direction numbers are plain random numbers.
std::vector<double> sobol_point(uint64_t index, size_t dimensions, uint64_t seed);

}  // namespace parego
