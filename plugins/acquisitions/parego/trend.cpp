#include "trend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace parego {
namespace {

/// The last leaves nothing but the mean.
constexpr std::array<double, 6> kRidges = {0.003, 0.03, 0.3, 3.0, 30.0, 1e9};
constexpr size_t kMostWork = size_t{1} << 23;  ///< rows * terms^2 of one leave-one-out error

/// Terms of a column: "inactive", then x and x^2 or one per category.
size_t width(int categories) { return categories > 0 ? static_cast<size_t>(categories) + 1 : 3; }
double centred(float x) { return 2.0 * static_cast<double>(x) - 1.0; }

}  // namespace

void Trend::fit(std::span<const int> categories, std::span<const float> rows, std::span<double> targets) {
  categories_.assign(categories.begin(), categories.end());
  choose_columns();
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

/// All columns, or as many of the narrowest as there may be terms for.
void Trend::choose_columns() {
  columns_.resize(categories_.size());
  std::iota(columns_.begin(), columns_.end(), size_t{0});
  const auto narrower = [this](size_t a, size_t b) { return width(categories_[a]) < width(categories_[b]); };
  std::stable_sort(columns_.begin(), columns_.end(), narrower);
  terms_ = 1;
  size_t kept = 0;
  while (kept < columns_.size() && terms_ + width(categories_[columns_[kept]]) <= kMostTerms)
    terms_ += width(categories_[columns_[kept++]]);
  columns_.resize(kept);
  std::sort(columns_.begin(), columns_.end());
}

double Trend::operator()(std::span<const float> row) const {
  double sum = weights_[0];
  const double* weight = weights_.data() + 1;
  for (const size_t c : columns_) {
    if (std::isnan(row[c])) {
      sum += weight[0];
    } else if (categories_[c] > 0) {
      sum += weight[category(row[c], c)];
    } else {
      const double x = centred(row[c]);
      sum += weight[1] * x + weight[2] * x * x;
    }
    weight += width(categories_[c]);
  }
  return sum;
}

size_t Trend::category(float x, size_t column) const {
  return 1 + std::min(static_cast<size_t>(x), static_cast<size_t>(categories_[column]) - 1);
}

void Trend::expand(std::span<const float> row, double* terms) const {
  *terms++ = 1;
  for (const size_t c : columns_) {
    if (std::isnan(row[c])) {
      terms[0] = 1;
    } else if (categories_[c] > 0) {
      terms[category(row[c], c)] = 1;
    } else {
      terms[1] = centred(row[c]);
      terms[2] = terms[1] * terms[1];
    }
    terms += width(categories_[c]);
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

/// The sum of squared errors of each row (of every so many, where they are very many) when the others are learnt,
/// without learning again.
double Trend::left_out(const std::vector<double>& lower, const std::vector<double>& weights,
                       const std::vector<double>& design, std::span<const double> targets) const {
  double total = 0;
  std::vector<double> leverage(terms_);
  const size_t stride = 1 + targets.size() * terms_ * terms_ / kMostWork;
  for (size_t r = 0; r < targets.size(); r += stride) {
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
