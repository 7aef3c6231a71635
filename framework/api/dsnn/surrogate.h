#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "dsnn/kind.h"
#include "dsnn/rng.h"

namespace dsnn {

/// A regression model over encoded configurations, used by acquisition strategies.
///
/// A row holds one float per column: a number in [0, 1], or the index of a category 0..k-1; NaN = inactive.
/// Driver thread only. Deterministic: a function of the data and `rng`.
class Surrogate {
 public:
  using Interface = Surrogate;
  static constexpr Kind kKind = Kind::surrogate;
  static constexpr bool kNeedsTorch = false;
  virtual ~Surrogate();

  /// Another model of the same settings that has learnt nothing, for another target.
  virtual std::unique_ptr<Surrogate> fresh() const = 0;

  /// Learns `targets` (finite, at least one) from `rows` (targets.size() x categories.size(), row-major), replacing
  /// what was learnt before. `categories` has one entry per column: 0 = a number, else the number of categories.
  virtual void fit(std::span<const int> categories, std::span<const float> rows, std::span<const double> targets,
                   const Rng& rng) = 0;
  /// Predictive mean and variance (> 0) of each row; needs a fit.
  virtual void predict(std::span<const float> rows, std::span<double> mean, std::span<double> variance) const = 0;
};

}  // namespace dsnn
