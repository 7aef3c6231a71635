#pragma once

#include <span>

namespace dsnn {

/// `a` is nowhere worse than `b` and somewhere better; every objective is minimised, both have as many.
bool dominates(std::span<const double> a, std::span<const double> b);

}  // namespace dsnn
