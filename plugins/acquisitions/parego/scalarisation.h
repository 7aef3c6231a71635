#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dsnn/rng.h"

namespace parego {

/// Augmented Tchebycheff: max_i w_i f_i + rho * sum_i w_i f_i, of objectives that are minimised and normalised.
double scalarise(std::span<const double> normalised, std::span<const double> weights, double rho);

/// Mean and variance of a normal variable.
struct Normal {
  double mean = 0, variance = 0;
};
/// The moments of scalarise() when the objectives are independent normal variables: Clark's formulas for the maximum.
Normal scalarise(std::span<const Normal> objectives, std::span<const double> weights, double rho);

/// All weight vectors of `objectives` multiples of 1/partitions that add up to 1, in lexicographic order.
std::vector<std::vector<double>> simplex_lattice(int objectives, int partitions);

/// A weight vector for one suggestion: from the lattice of 10 partitions for two objectives, else uniform on the
/// simplex.
std::vector<double> draw_weights(size_t objectives, dsnn::Rng& rng);

/// log of the expected improvement below `best` of a normal variable, in log space: also far from `best` candidates
/// keep an order. `variance` > 0.
double log_expected_improvement(double mean, double variance, double best);

}  // namespace parego
