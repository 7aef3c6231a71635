#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace parego {

/// The additive part of a function, by ridge regression: a parabola per number, a constant per category, a constant for
/// "inactive". A forest sees a slope only as steps between the rows it has; with this taken away beforehand it needs to
/// learn no more than what the columns do together. How much is taken away is decided by leave-one-out error, and
/// nothing is where that finds no trend. O(rows * terms^2), and bounded: of more than kMostTerms terms those of the
/// widest columns are left to the forest, and of very many rows only some are left out in turn.
class Trend {
 public:
  /// Learns `targets` (arguments as in Surrogate::fit) and leaves in them what the trend does not explain.
  void fit(std::span<const int> categories, std::span<const float> rows, std::span<double> targets);
  double operator()(std::span<const float> row) const;

  static constexpr size_t kMostTerms = 256;

 private:
  void choose_columns();
  size_t category(float x, size_t column) const;
  void expand(std::span<const float> row, double* terms) const;
  std::vector<double> factor(std::vector<double> matrix, double ridge) const;
  void forward(const std::vector<double>& lower, std::span<double> right) const;
  std::vector<double> solve(const std::vector<double>& lower, std::vector<double> right) const;
  double left_out(const std::vector<double>& lower, const std::vector<double>& weights,
                  const std::vector<double>& design, std::span<const double> targets) const;

  std::vector<int> categories_;
  std::vector<size_t> columns_;  ///< that have terms, ascending
  size_t terms_ = 1;
  std::vector<double> weights_;
};

}  // namespace parego
