#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace parego {

/// Goes left when x <= threshold or, where there are categories, when bit x of them is set. A leaf is its own left
/// child.
struct Node {
  float threshold = 0;
  int32_t left = 0;  ///< the right child is the next node; children come after their parent
  uint32_t left_categories = 0;
  int32_t column = 0;

  bool has_category(float x) const {
    return ((left_categories >> static_cast<unsigned>(static_cast<int>(x))) & 1U) != 0;
  }
};

struct Leaf {
  float mean = 0, second_moment = 0;  ///< of the targets, shifted and scaled
};

/// Regression trees in one array of nodes, one after the other.
struct Trees {
  std::vector<Node> nodes;
  std::vector<Leaf> leaves;  ///< per node; meaningless for inner ones
  std::vector<size_t> roots;

  bool is_leaf(size_t node) const { return static_cast<size_t>(nodes[node].left) == node; }
  size_t end_of(size_t tree) const { return tree + 1 < roots.size() ? roots[tree + 1] : nodes.size(); }
};

/// Rows to predict, column by column, nothing missing: what is inactive has a value or category of its own.
struct Block {
  size_t rows = 0;
  std::vector<float> values;

  const float* column(size_t c) const { return &values[c * rows]; }
};

}  // namespace parego
