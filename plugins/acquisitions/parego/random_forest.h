#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dsnn/surrogate.h"
#include "leaf_masks.h"
#include "trees.h"
#include "trend.h"

namespace parego {

struct ForestOptions {
  int trees = 32;
  int min_split = 3;  ///< a node with fewer samples is a leaf
  int min_leaf = 1;
  double features = 5.0 / 6.0;  ///< share of the columns tried at each node
  bool bootstrap = true;
  double smoothing = 0;  ///< pseudo-samples per leaf, half of them 1: Laplace's rule with 2 (targets 0 and 1)
  bool trend = false;    ///< learns what an additive trend leaves over
};

/// Regression forest after SMAC (search specification 4): bootstrap, split points uniform between neighbouring values,
/// categories split into random subsets, leaves with mean and variance, total variance over the trees. Unlike it, with
/// `trend` the targets are first rid of their additive part.
class RandomForest : public dsnn::Surrogate {
 public:
  explicit RandomForest(const ForestOptions& options) : options_(options) {}
  std::unique_ptr<dsnn::Surrogate> fresh() const override { return std::make_unique<RandomForest>(options_); }
  void fit(std::span<const int> categories, std::span<const float> rows, std::span<const double> targets,
           const dsnn::Rng& rng) override;
  void predict(std::span<const float> rows, std::span<double> mean, std::span<double> variance) const override;
  const Trees& trees() const { return trees_; }

 private:
  friend class TreeGrower;

  /// Rows, by number, that reached a node, and space to divide them.
  struct Part {
    size_t node, begin, end;
    uint16_t *from, *to;
  };

  float imputed(float x, size_t column) const;
  template <class GoesLeft>
  static size_t divide(const Part& part, const GoesLeft& goes_left);
  /// Adds the leaves of the tree whose root has all `rows` to their sums.
  void walk(const Part& rows, const Block& block, std::span<Leaf> sums) const;
  void add_leaves(const Block& block, std::span<Leaf> sums) const;

  ForestOptions options_;
  std::vector<int> categories_;
  Trees trees_;
  std::optional<LeafMasks> masks_;  ///< of small trees
  Trend trend_;
  double shift_ = 0, scale_ = 1;  ///< of the targets
};

}  // namespace parego
