#include "leaf_masks.h"

#include <algorithm>
#include <numeric>

namespace parego {

std::optional<LeafMasks> LeafMasks::of(const Trees& trees, std::span<const int> categories) {
  if (trees.nodes.size() * trees.roots.size() > kMostMasks) return std::nullopt;
  for (size_t t = 0; t < trees.roots.size(); ++t) {
    if (trees.end_of(t) - trees.roots[t] > 2 * kLeaves - 1) return std::nullopt;
  }
  return LeafMasks(trees, categories);
}

void LeafMasks::add(const Block& block, std::span<Leaf> sums) const {
  const size_t columns = columns_.size();
  std::vector<uint32_t> at(block.rows * columns);  // per row: its entry in the table of each column
  for (size_t c = 0; c < columns; ++c) {
    for (size_t i = 0; i < block.rows; ++i) at[i * columns + c] = columns_[c].entry(block.column(c)[i]);
  }
  for (size_t group = 0; group < groups_; ++group) {
    for (size_t i = 0; i < block.rows; ++i) add_row(group, std::span(&at[i * columns], columns), sums[i]);
  }
}

LeafMasks::LeafMasks(const Trees& trees, std::span<const int> categories)
    : groups_((trees.roots.size() + kGroup - 1) / kGroup) {
  leaves_.resize(groups_ * kGroup * kLeaves);  // trees that only fill up the last group add nothing
  std::vector<std::vector<Test>> tests(categories.size());
  for (size_t t = 0; t < trees.roots.size(); ++t) number_leaves(trees, t, tests);
  for (size_t c = 0; c < categories.size(); ++c) {
    std::stable_sort(tests[c].begin(), tests[c].end(),
                     [](const Test& a, const Test& b) { return a.node.threshold < b.node.threshold; });
    Column column{.numeric = categories[c] == 0, .first = entries_, .thresholds = {}, .start = {}};
    if (column.numeric) column.index(tests[c]);
    entries_ += column.numeric ? static_cast<uint32_t>(tests[c].size()) + 1 : kCategories;
    columns_.push_back(std::move(column));
  }
  masks_.assign(groups_ * entries_ * kGroup, ~uint64_t{0});
  for (size_t c = 0; c < categories.size(); ++c) tabulate(columns_[c], tests[c]);
}

void LeafMasks::number_leaves(const Trees& trees, size_t tree, std::vector<std::vector<Test>>& tests) {
  const size_t begin = trees.roots[tree], end = trees.end_of(tree);
  std::vector<size_t> count(end - begin, 1), before(end - begin, 0);
  for (size_t i = end; i-- > begin;) {
    const size_t left = static_cast<size_t>(trees.nodes[i].left) - begin;
    if (!trees.is_leaf(i)) count[i - begin] = count[left] + count[left + 1];
  }
  for (size_t i = begin; i < end; ++i) {
    const size_t first = before[i - begin], left = static_cast<size_t>(trees.nodes[i].left) - begin;
    if (trees.is_leaf(i)) {
      leaves_[tree * kLeaves + first] = trees.leaves[i];
      continue;
    }
    before[left] = first;
    before[left + 1] = first + count[left];
    const uint64_t ruled_out = ((uint64_t{1} << count[left]) - 1) << first;
    tests[static_cast<size_t>(trees.nodes[i].column)].push_back({trees.nodes[i], tree, ~ruled_out});
  }
}

void LeafMasks::tabulate(const Column& column, const std::vector<Test>& tests) {
  if (column.numeric) {
    for (size_t k = 0; k < tests.size(); ++k) {
      for (size_t g = 0; g < groups_; ++g) {
        std::copy_n(masks(g, column.first + k), kGroup, masks(g, column.first + k + 1));
      }
      masks(tests[k].tree / kGroup, column.first + k + 1)[tests[k].tree % kGroup] &= tests[k].remaining;
    }
    return;
  }
  for (const Test& test : tests) {
    for (uint32_t category = 0; category < kCategories; ++category) {
      if (test.node.has_category(static_cast<float>(category))) continue;
      masks(test.tree / kGroup, column.first + category)[test.tree % kGroup] &= test.remaining;
    }
  }
}

void LeafMasks::add_row(size_t group, std::span<const uint32_t> at, Leaf& sum) const {
  const uint64_t* masks = &masks_[group * entries_ * kGroup];
  const Leaf* leaves = &leaves_[group * kGroup * kLeaves];
  Leaf total = sum;
  for (size_t tree = 0; tree < kGroup; tree += kLanes) {
    uint64_t left[kLanes];
    std::fill(left, left + kLanes, ~uint64_t{0});
    for (const uint32_t entry : at) {
      for (size_t k = 0; k < kLanes; ++k) left[k] &= masks[entry * kGroup + tree + k];
    }
    for (size_t k = 0; k < kLanes; ++k) {
      const Leaf& leaf = leaves[(tree + k) * kLeaves + static_cast<size_t>(__builtin_ctzll(left[k]))];
      total.mean += leaf.mean;
      total.second_moment += leaf.second_moment;
    }
  }
  sum = total;
}

}  // namespace parego
