#include "scalarisation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace parego {
namespace {

constexpr double kLogSqrt2Pi = 0.91893853320467274178;

double density(double z) { return std::exp(-0.5 * z * z - kLogSqrt2Pi); }
double cumulative(double z) { return 0.5 * std::erfc(-z * std::numbers::sqrt2 / 2); }

/// Clark (1961): the first two moments of the larger of two independent normal variables.
Normal larger(const Normal& a, const Normal& b) {
  const double spread = std::sqrt(a.variance + b.variance);
  if (spread < 1e-12) return a.mean > b.mean ? a : b;
  const double z = (a.mean - b.mean) / spread, p = cumulative(z), d = density(z);
  const double first = a.mean * p + b.mean * (1 - p) + spread * d;
  const double second =
      (a.mean * a.mean + a.variance) * p + (b.mean * b.mean + b.variance) * (1 - p) + (a.mean + b.mean) * spread * d;
  return {.mean = first, .variance = std::max(0.0, second - first * first)};
}

}  // namespace

double scalarise(std::span<const double> normalised, std::span<const double> weights, double rho) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (size_t i = 0; i < normalised.size(); ++i) {
    const double term = weights[i] * normalised[i];
    largest = std::max(largest, term);
    sum += term;
  }
  return largest + rho * sum;
}

Normal scalarise(std::span<const Normal> objectives, std::span<const double> weights, double rho) {
  Normal result;
  double sum = 0;
  for (size_t i = 0; i < objectives.size(); ++i) {
    const Normal term{.mean = weights[i] * objectives[i].mean,
                      .variance = weights[i] * weights[i] * objectives[i].variance};
    result = i == 0 ? term : larger(result, term);
    sum += term.mean;
  }
  return {.mean = result.mean + rho * sum, .variance = result.variance};
}

namespace {

void extend(std::vector<std::vector<double>>& out, std::vector<double>& partial, int objectives, int left,
            int partitions) {
  if (static_cast<int>(partial.size()) + 1 == objectives) {
    partial.push_back(static_cast<double>(left) / partitions);
    out.push_back(partial);
    partial.pop_back();
    return;
  }
  for (int take = 0; take <= left; ++take) {
    partial.push_back(static_cast<double>(take) / partitions);
    extend(out, partial, objectives, left - take, partitions);
    partial.pop_back();
  }
}

}  // namespace

std::vector<std::vector<double>> simplex_lattice(int objectives, int partitions) {
  std::vector<std::vector<double>> out;
  std::vector<double> partial;
  extend(out, partial, objectives, partitions, partitions);
  return out;
}

std::vector<double> draw_weights(size_t objectives, dsnn::Rng& rng) {
  if (objectives == 2) {
    constexpr int kPartitions = 10;
    const double first = static_cast<double>(rng.integer(0, kPartitions)) / kPartitions;
    return {first, 1.0 - first};
  }
  std::vector<double> weights(objectives);
  double sum = 0;
  for (double& w : weights) sum += w = -std::log(1.0 - rng.uniform());
  for (double& w : weights) w = sum > 0 ? w / sum : 1.0 / static_cast<double>(objectives);
  return weights;
}

double log_expected_improvement(double mean, double variance, double best) {
  const double sd = std::sqrt(variance);
  const double z = (best - mean) / sd;
  if (z > -6) return std::log(sd) + std::log(z * cumulative(z) + density(z));
  // Asymptotic series of density + z * cdf: density / z^2 * (1 - 3/z^2 + 15/z^4), no cancellation.
  const double r = 1 / (z * z);
  return std::log(sd) - 0.5 * z * z - kLogSqrt2Pi + std::log(r * (1 - 3 * r + 15 * r * r));
}

}  // namespace parego
