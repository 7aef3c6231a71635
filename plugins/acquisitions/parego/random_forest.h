#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dsnn/surrogate.h"

namespace parego {

struct ForestOptions {
  int trees = 32;
  int min_split = 3;  ///< a node with fewer samples is a leaf
  int min_leaf = 1;
  double features = 5.0 / 6.0;  ///< share of the columns tried at each node
  bool bootstrap = true;
  double smoothing = 0;  ///< pseudo-samples per leaf, half of them 1: Laplace's rule with 2 (targets 0 and 1)
};

/// Regression forest after SMAC (search specification 4): bootstrap, split points uniform between neighbouring values,
/// categories split into random subsets, leaves with mean and variance, total variance over the trees.
class RandomForest : public dsnn::Surrogate {
 public:
  explicit RandomForest(const ForestOptions& options) : options_(options) {}
  std::unique_ptr<dsnn::Surrogate> fresh() const override { return std::make_unique<RandomForest>(options_); }
  void fit(std::span<const int> categories, std::span<const float> rows, std::span<const double> targets,
           const dsnn::Rng& rng) override;
  void predict(std::span<const float> rows, std::span<double> mean, std::span<double> variance) const override;

 private:
  friend class TreeGrower;

  /// Goes left when x <= threshold or when bit x of `left_categories` is set; a leaf always "goes left" to itself.
  struct Node {
    float threshold;
    int32_t left;  ///< the right child is the next node
    uint32_t left_categories;
    int32_t column;
  };
  struct Leaf {
    float mean = 0, second_moment = 0;  ///< of the targets, shifted and scaled
  };

  static constexpr size_t kLane = 16;  ///< rows that go down a tree together

  float imputed(float x, size_t column) const;
  /// Takes kLane rows from the root `at` to their leaves.
  void descend(const float* rows, size_t columns, std::array<int32_t, kLane>& at) const;

  ForestOptions options_;
  std::vector<int> categories_;
  std::vector<Node> nodes_;
  std::vector<Leaf> leaves_;  ///< per node; meaningless for inner ones
  std::vector<int32_t> roots_;
  double shift_ = 0, scale_ = 1;  ///< of the targets
};

}  // namespace parego
