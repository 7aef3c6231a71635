#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "trees.h"

namespace parego {

/// Trees of at most 64 leaves as bit masks over their leaves, after QuickScorer (Lucchese et al. 2015): a node that
/// sends a row to the right rules out the leaves on its left, and the leftmost leaf that remains is the row's. What a
/// value rules out depends only on its place among the thresholds of its column, so that is tabulated for all trees,
/// and a row costs one AND per column and tree in place of a walk.
class LeafMasks {
 public:
  /// Nothing when a tree has too many leaves, or all have too many for the table to stay in the cache. `categories` as
  /// in Surrogate::fit.
  static std::optional<LeafMasks> of(const Trees& trees, std::span<const int> categories);

  /// Adds to `sums` the leaves of every row, tree by tree.
  void add(const Block& block, std::span<Leaf> sums) const;

 private:
  static constexpr size_t kLeaves = 64;
  static constexpr size_t kMostMasks = size_t{1} << 19;
  static constexpr size_t kGroup = 32;  ///< trees whose masks lie side by side
  static constexpr size_t kLanes = 8;   ///< of them, those whose masks are in registers together
  static constexpr uint32_t kCategories = 32;
  static constexpr size_t kCells = 1024;  ///< per column, mostly without a threshold

  /// A node as its column sees it.
  struct Test {
    Node node;
    size_t tree;
    uint64_t remaining;  ///< the leaves left when a row goes right
  };

  struct Column {
    bool numeric = true;
    uint32_t first = 0;             ///< entry in the table
    std::vector<float> thresholds;  ///< ascending, and infinity at the end
    double low = 0, scale = 0;      ///< value -> cell
    std::vector<uint32_t> start;    ///< per cell: the thresholds in the cells before it

    size_t cell(float x) const { return static_cast<size_t>(std::clamp((x - low) * scale, 0.0, kCells - 1.0)); }

    void index(const std::vector<Test>& tests) {
      for (const Test& test : tests) thresholds.push_back(test.node.threshold);
      if (!tests.empty()) low = thresholds.front();
      if (!tests.empty() && thresholds.back() > low) scale = kCells / (thresholds.back() - low);
      start.resize(kCells + 1);
      for (const float t : thresholds) ++start[cell(t) + 1];
      std::partial_sum(start.begin(), start.end(), start.begin());
      thresholds.push_back(std::numeric_limits<float>::infinity());
    }

    /// `first` + the number of thresholds below x, or + the category.
    uint32_t entry(float x) const {
      if (!numeric) return first + static_cast<uint32_t>(x);
      uint32_t below = start[cell(x)];
      while (thresholds[below] < x) ++below;
      return first + below;
    }
  };

  LeafMasks(const Trees& trees, std::span<const int> categories);

  /// Numbers the leaves of a tree from left to right; its inner nodes join `tests`.
  void number_leaves(const Trees& trees, size_t tree, std::vector<std::vector<Test>>& tests);

  uint64_t* masks(size_t group, size_t entry) { return &masks_[(group * entries_ + entry) * kGroup]; }

  void tabulate(const Column& column, const std::vector<Test>& tests);

  void add_row(size_t group, std::span<const uint32_t> at, Leaf& sum) const;

  size_t groups_;
  uint32_t entries_ = 0;
  std::vector<Column> columns_;
  std::vector<uint64_t> masks_;  ///< per group, entry and tree of the group
  std::vector<Leaf> leaves_;     ///< per tree, 64 of them
};

}  // namespace parego
