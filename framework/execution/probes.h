#pragma once

#include <cstddef>
#include <vector>

#include "dsnn/search_space.h"

namespace dsnn::execution {

/// Configurations that show every part of a search space once: the default one; then, for each parameter, every choice
/// of it or both ends of its range, with all else at its default. A parameter that the default leaves inactive is
/// switched on first, once for every choice it is under. At most `limit`, no two alike.
std::vector<Configuration> probes(const SearchSpace& space, size_t limit = 1000);

}  // namespace dsnn::execution
