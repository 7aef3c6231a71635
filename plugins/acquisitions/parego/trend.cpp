#include "trend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace parego {
namespace {

/// The last leaves nothing but the mean.
constexpr std::array<double, 6> kRidges = {0.003, 0.03, 0.3, 3.0, 30.0, 1e9};

/// Terms of a column: "inactive", then x and x^2 or one per category.
size_t width(int categories) { return categories > 0 ? static_cast<size_t>(categories) + 1 : 3; }
double centred(float x) { return 2.0 * static_cast<double>(x) - 1.0; }

}  // namespace

void Trend::fit(std::span<const int> categories, std::span<const float> rows, std::span<double> targets) {
  categories_.assign(categories.begin(), categories.end());
  terms_ = 1;
  for (const int k : categories_) terms_ += width(k);
  const size_t columns = categories_.size(), count = targets.size();
  std::vector<double> design(count * terms_), gram(terms_ * terms_), moments(terms_);
  for (size_t r = 0; r < count; ++r) {
    double* terms = &design[r * terms_];
    expand(rows.subspan(r * columns, columns), terms);
    for (size_t i = 0; i < terms_; ++i) {
      if (terms[i] == 0) continue;
      moments[i] += terms[i] * targets[r];
      for (size_t j = 0; j <= i; ++j) gram[i * terms_ + j] += terms[i] * terms[j];
    }
  }
  weights_.assign(terms_, 0.0);  // stays so where sums overflow
  double least = std::numeric_limits<double>::infinity();
  for (const double ridge : kRidges) {
    const std::vector<double> lower = factor(gram, ridge);
    std::vector<double> weights = solve(lower, moments);
    const double error = left_out(lower, weights, design, targets);
    if (!(error < least)) continue;
    least = error;
    weights_ = std::move(weights);
  }
  for (size_t r = 0; r < count; ++r) targets[r] -= (*this)(rows.subspan(r * columns, columns));
}

double Trend::operator()(std::span<const float> row) const {
  double sum = weights_[0];
  const double* weight = &weights_[1];
  for (size_t c = 0; c < row.size(); weight += width(categories_[c++])) {
    if (std::isnan(row[c])) {
      sum += weight[0];
    } else if (categories_[c] > 0) {
      sum += weight[category(row[c], c)];
    } else {
      const double x = centred(row[c]);
      sum += weight[1] * x + weight[2] * x * x;
    }
  }
  return sum;
}

size_t Trend::category(float x, size_t column) const {
  return 1 + std::min(static_cast<size_t>(x), static_cast<size_t>(categories_[column]) - 1);
}

void Trend::expand(std::span<const float> row, double* terms) const {
  *terms++ = 1;
  for (size_t c = 0; c < row.size(); terms += width(categories_[c++])) {
    if (std::isnan(row[c])) {
      terms[0] = 1;
    } else if (categories_[c] > 0) {
      terms[category(row[c], c)] = 1;
    } else {
      terms[1] = centred(row[c]);
      terms[2] = terms[1] * terms[1];
    }
  }
}

/// Cholesky factor of the Gram matrix with the ridge on all but the constant.
std::vector<double> Trend::factor(std::vector<double> matrix, double ridge) const {
  for (size_t i = 0; i < terms_; ++i) {
    double* row = &matrix[i * terms_];
    if (i > 0) row[i] += ridge;
    for (size_t j = 0; j < i; ++j) {
      const double* other = &matrix[j * terms_];
      for (size_t k = 0; k < j; ++k) row[j] -= row[k] * other[k];
      row[j] /= other[j];
      row[i] -= row[j] * row[j];
    }
    row[i] = std::sqrt(std::max(row[i], 1e-12));
  }
  return matrix;
}

/// x of lower * x = right, in place.
void Trend::forward(const std::vector<double>& lower, std::span<double> right) const {
  for (size_t i = 0; i < terms_; ++i) {
    for (size_t k = 0; k < i; ++k) right[i] -= lower[i * terms_ + k] * right[k];
    right[i] /= lower[i * terms_ + i];
  }
}

std::vector<double> Trend::solve(const std::vector<double>& lower, std::vector<double> right) const {
  forward(lower, right);
  for (size_t i = terms_; i-- > 0;) {
    right[i] /= lower[i * terms_ + i];
    for (size_t k = 0; k < i; ++k) right[k] -= lower[i * terms_ + k] * right[i];
  }
  return right;
}

/// The sum of squared errors of each row when the others are learnt, without learning again.
double Trend::left_out(const std::vector<double>& lower, const std::vector<double>& weights,
                       const std::vector<double>& design, std::span<const double> targets) const {
  double total = 0;
  std::vector<double> leverage(terms_);
  for (size_t r = 0; r < targets.size(); ++r) {
    const double* terms = &design[r * terms_];
    std::copy_n(terms, terms_, leverage.begin());
    forward(lower, leverage);
    double error = targets[r], own = 0;
    for (size_t i = 0; i < terms_; ++i) {
      error -= weights[i] * terms[i];
      own += leverage[i] * leverage[i];
    }
    error /= std::max(1 - own, 1e-3);
    total += error * error;
  }
  return total;
}

}  // namespace parego
