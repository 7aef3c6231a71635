#include "random_forest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "dsnn/error.h"

namespace parego {
namespace {

constexpr size_t kBlock = 2048;          // rows that go through the trees together
constexpr double kVarianceFloor = 1e-5;  // of targets scaled to a range of 1
constexpr int kSubsets = 4;              // random subsets tried per categorical column and node
constexpr int kMaxCategories = 31;       // of more, every 31st shares a bit; bit 31 is "inactive"
constexpr size_t kMostCells = 1 << 16;   // rows * columns of a tree: of more, each tree sees some columns only
constexpr size_t kFewestColumns = 8;     // that a tree sees all the same

}  // namespace

/// Grows the trees of one fit over rows that were sorted once per column.
class TreeGrower {
 public:
  TreeGrower(RandomForest& forest, std::span<const float> rows, std::span<const double> targets)
      : forest_(forest), columns_(forest.categories_.size()), count_(targets.size()) {
    targets_.resize(count_);
    for (size_t r = 0; r < count_; ++r) targets_[r] = static_cast<float>((targets[r] - forest.shift_) / forest.scale_);
    values_.resize(columns_ * count_);
    sorted_.resize(columns_ * count_);
    for (size_t c = 0; c < columns_; ++c) {
      for (size_t r = 0; r < count_; ++r) values_[c * count_ + r] = forest.imputed(rows[r * columns_ + c], c);
      int32_t* order = &sorted_[c * count_];
      std::iota(order, order + count_, 0);
      const float* value = &values_[c * count_];
      std::stable_sort(order, order + count_, [value](int32_t a, int32_t b) { return value[a] < value[b]; });
    }
    draws_.resize(count_);
    for (size_t n = 0; n <= count_; ++n) inverse_.push_back(n > 0 ? 1.0 / static_cast<double>(n) : 0.0);
    goes_left_.resize(count_);
    scratch_.resize(count_);
    seen_.resize(columns_);
  }

  void grow(dsnn::Rng rng) {
    std::fill(draws_.begin(), draws_.end(), Draw{.times = forest_.options_.bootstrap ? 0U : 1U});
    for (size_t i = 0; forest_.options_.bootstrap && i < count_; ++i) ++draws_[below(count_, rng)].times;
    for (size_t r = 0; r < count_; ++r) draws_[r].sum = draws_[r].times * static_cast<double>(targets_[r]);
    choose_columns(rng);
    in_bag_.resize(seen_.size() * count_);
    size_t kept = 0;
    for (size_t s = 0; s < seen_.size(); ++s) {
      kept = 0;
      for (size_t i = 0; i < count_; ++i) {
        const int32_t r = sorted_[seen_[s] * count_ + i];
        if (draws_[static_cast<size_t>(r)].times > 0) in_bag_[s * count_ + kept++] = r;
      }
    }
    tried_.resize(seen_.size());
    std::iota(tried_.begin(), tried_.end(), size_t{0});
    forest_.trees_.roots.push_back(forest_.trees_.nodes.size());
    forest_.trees_.nodes.emplace_back();
    open_.push_back({forest_.trees_.roots.back(), 0, kept});
    while (!open_.empty()) {
      const Open node = open_.back();
      open_.pop_back();
      expand(node, rng);
    }
  }

 private:
  struct Open {
    size_t node, begin, end;
  };
  struct Sums {
    size_t n = 0;
    double sum = 0, squares = 0;
  };
  /// What a row adds to the sums of its nodes.
  struct Draw {
    double sum = 0;
    uint32_t times = 0;  ///< it is in the resample
  };
  struct Split {
    double gain = 0;
    size_t column = 0;
    float threshold = 0, upper = 0;  ///< neighbouring values around a numeric split
    uint32_t mask = 0;
  };

  /// The columns of the next tree: all, or a random part where they are too many for the rows (Ho 1998).
  void choose_columns(dsnn::Rng& rng) {
    seen_.resize(columns_);
    std::iota(seen_.begin(), seen_.end(), size_t{0});
    const size_t most = std::max(kFewestColumns, kMostCells / count_);
    if (columns_ <= most) return;
    for (size_t k = 0; k < most; ++k) std::swap(seen_[k], seen_[k + below(columns_ - k, rng)]);
    seen_.resize(most);
  }

  /// A number from 0 to n - 1; the bias of one draw of 32 bits does not matter here.
  static size_t below(size_t n, dsnn::Rng& rng) { return static_cast<size_t>((uint64_t{rng.bits32()} * n) >> 32U); }

  bool divisible(size_t draws, size_t rows) const {
    return draws >= static_cast<size_t>(forest_.options_.min_split) && rows > 1;
  }

  Sums sums_of(const Open& node) const {
    Sums s;
    for (size_t i = node.begin; i < node.end; ++i) {
      const size_t r = static_cast<size_t>(in_bag_[i]);
      s.n += draws_[r].times;
      s.sum += draws_[r].sum;
      s.squares += draws_[r].sum * static_cast<double>(targets_[r]);
    }
    return s;
  }

  void expand(const Open& node, dsnn::Rng& rng) {
    const Sums total = sums_of(node);
    Split best;
    const double spread = total.squares - total.sum * total.sum * inverse_[total.n];
    if (divisible(total.n, node.end - node.begin) && spread > 1e-12 * static_cast<double>(total.n)) {
      const size_t seen = seen_.size();
      const auto wanted = static_cast<size_t>(std::ceil(forest_.options_.features * static_cast<double>(seen)));
      for (size_t k = seen; k > wanted; --k) std::swap(tried_[k - 1], tried_[below(k, rng)]);
      for (size_t k = 0; k < seen && (k < wanted || best.gain <= 0); ++k) {
        const size_t s = tried_[k];
        forest_.categories_[seen_[s]] > 0 ? try_subsets(s, node, total, best, rng)
                                          : try_thresholds(s, node, total, best);
      }
    }
    if (best.gain <= 0) return make_leaf(node.node, total);
    if (best.mask == 0) best.threshold += static_cast<float>(rng.uniform()) * (best.upper - best.threshold) * 0.999f;
    split(node, best);
  }

  void make_leaf(size_t node, const Sums& total) {
    forest_.trees_.nodes[node] = {.threshold = std::numeric_limits<float>::infinity(),
                                  .left = static_cast<int32_t>(node),
                                  .left_categories = 0,
                                  .column = 0};
    const double extra = forest_.options_.smoothing;  // pseudo-samples, half of them 1
    const double n = static_cast<double>(total.n) + extra;
    forest_.trees_.leaves.resize(std::max(forest_.trees_.leaves.size(), node + 1));
    forest_.trees_.leaves[node] = {static_cast<float>((total.sum + 0.5 * extra) / n),
                                   static_cast<float>((total.squares + 0.5 * extra) / n)};
  }

  double gain(const Sums& total, size_t n_left, double sum_left) const {
    const size_t n_right = total.n - n_left, least = static_cast<size_t>(forest_.options_.min_leaf);
    if (n_left < least || n_right < least) return 0;
    const double sum_right = total.sum - sum_left;
    return sum_left * sum_left * inverse_[n_left] + sum_right * sum_right * inverse_[n_right] -
           total.sum * total.sum * inverse_[total.n];
  }

  /// The hot loop: what it needs is in locals, and the branch on the values, which cannot be foreseen, comes last.
  void try_thresholds(size_t s, const Open& node, const Sums& total, Split& best) const {
    const size_t c = seen_[s];
    const int32_t* rows = &in_bag_[s * count_];
    const float* value = &values_[c * count_];
    const Draw* draws = draws_.data();
    const double* inverse = inverse_.data();
    const size_t least = static_cast<size_t>(forest_.options_.min_leaf);
    const double without = total.sum * total.sum * inverse[total.n];
    double most = best.gain + without, sum = 0;
    size_t n = 0, found = node.end;
    for (size_t i = node.begin; i + 1 < node.end; ++i) {
      const size_t r = static_cast<size_t>(rows[i]);
      n += draws[r].times;
      sum += draws[r].sum;
      const double right = total.sum - sum, with = sum * sum * inverse[n] + right * right * inverse[total.n - n];
      if (with <= most || n < least || total.n - n < least) continue;
      if (value[r] == value[static_cast<size_t>(rows[i + 1])]) continue;
      most = with;
      found = i;
    }
    if (found == node.end) return;
    const auto at = [&](size_t i) { return value[static_cast<size_t>(rows[i])]; };
    best = {.gain = most - without, .column = c, .threshold = at(found), .upper = at(found + 1), .mask = 0};
  }

  void try_subsets(size_t s, const Open& node, const Sums& total, Split& best, dsnn::Rng& rng) {
    const size_t c = seen_[s];
    const int32_t* rows = &in_bag_[s * count_];
    const float* value = &values_[c * count_];
    uint32_t present = 0;
    for (size_t i = node.begin; i < node.end; ++i) {
      const size_t r = static_cast<size_t>(rows[i]);
      const size_t category = static_cast<size_t>(value[r]);
      present |= 1U << category;
      per_category_[category].times += draws_[r].times;
      per_category_[category].sum += draws_[r].sum;
    }
    const bool several = (present & (present - 1)) != 0;
    for (int k = 0; several && k < kSubsets; ++k) {
      // Absent categories fall on a random side, so that unseen ones are not all treated alike.
      const uint32_t mask = rng.bits32();
      if ((mask & present) == 0 || (mask & present) == present) continue;
      size_t n_left = 0;
      double sum_left = 0;
      for (uint32_t left = mask & present; left != 0; left &= left - 1) {
        const auto category = static_cast<size_t>(std::countr_zero(left));
        n_left += per_category_[category].times;
        sum_left += per_category_[category].sum;
      }
      const double g = gain(total, n_left, sum_left);
      if (g > best.gain) best = {.gain = g, .column = c, .threshold = 0, .upper = 0, .mask = mask};
    }
    for (; present != 0; present &= present - 1) per_category_[static_cast<size_t>(std::countr_zero(present))] = {};
  }

  void split(const Open& node, const Split& best) {
    const float* value = &values_[best.column * count_];
    size_t left = 0, n_left = 0, n = 0;
    for (size_t i = node.begin; i < node.end; ++i) {
      const size_t r = static_cast<size_t>(in_bag_[i]);
      const bool chosen =
          best.mask != 0 ? ((best.mask >> static_cast<unsigned>(value[r])) & 1U) != 0 : value[r] <= best.threshold;
      goes_left_[r] = chosen ? 1 : 0;
      left += goes_left_[r];
      n_left += goes_left_[r] * draws_[r].times;
      n += draws_[r].times;
    }
    // Two leaves need no more than their rows, in the order of any one column.
    const bool again = divisible(n_left, left) || divisible(n - n_left, node.end - node.begin - left);
    for (size_t s = 0; s < (again ? seen_.size() : 1); ++s) partition(&in_bag_[s * count_], node);
    const int32_t child = static_cast<int32_t>(forest_.trees_.nodes.size());
    forest_.trees_.nodes.resize(forest_.trees_.nodes.size() + 2);
    forest_.trees_.nodes[node.node] = {
        .threshold = best.mask != 0 ? -std::numeric_limits<float>::infinity() : best.threshold,
        .left = child,
        .left_categories = best.mask,
        .column = static_cast<int32_t>(best.column)};
    open_.push_back({static_cast<size_t>(child) + 1, node.begin + left, node.end});
    open_.push_back({static_cast<size_t>(child), node.begin, node.begin + left});
  }

  /// Stable, so each column's rows stay sorted.
  void partition(int32_t* rows, const Open& node) {
    size_t left = node.begin, right = 0;
    for (size_t i = node.begin; i < node.end; ++i) {
      const int32_t r = rows[i];
      const bool go = goes_left_[static_cast<size_t>(r)] != 0;
      rows[left] = r;
      scratch_[right] = r;
      left += go;
      right += !go;
    }
    std::copy(scratch_.begin(), scratch_.begin() + static_cast<std::ptrdiff_t>(right), rows + left);
  }

  RandomForest& forest_;
  size_t columns_, count_;
  std::vector<float> values_, targets_;   ///< values: column-major
  std::vector<int32_t> sorted_, in_bag_;  ///< rows by value, per column; in_bag_: per column that the tree sees
  std::vector<Draw> draws_;               ///< per row
  std::array<Draw, 32> per_category_;     ///< empty between uses
  std::vector<double> inverse_;           ///< 1 / n: dividing takes longer than all else of a gain
  std::vector<uint8_t> goes_left_;
  std::vector<int32_t> scratch_;
  std::vector<size_t> seen_;   ///< columns of the tree
  std::vector<size_t> tried_;  ///< positions among them
  std::vector<Open> open_;
};

float RandomForest::imputed(float x, size_t column) const {
  if (categories_[column] == 0) return std::isnan(x) ? -1.0f : x;
  if (std::isnan(x)) return static_cast<float>(kMaxCategories);
  return categories_[column] <= kMaxCategories ? x : std::fmod(x, static_cast<float>(kMaxCategories));
}

void RandomForest::fit(std::span<const int> categories, std::span<const float> rows, std::span<const double> targets,
                       const dsnn::Rng& rng) {
  DSNN_ASSERT(!targets.empty() && rows.size() == targets.size() * categories.size());
  categories_.assign(categories.begin(), categories.end());
  std::vector<double> residual(targets.begin(), targets.end());
  if (options_.trend) trend_.fit(categories, rows, residual);
  const auto [lo, hi] = std::minmax_element(residual.begin(), residual.end());
  shift_ = *lo;
  scale_ = *hi > *lo ? *hi - *lo : 1.0;
  trees_ = {};
  TreeGrower grower(*this, rows, residual);
  for (int t = 0; t < options_.trees; ++t) grower.grow(rng.fork("tree", static_cast<uint64_t>(t)));
  masks_ = LeafMasks::of(trees_, categories_);
}

/// Sends `part` of the rows down the two sides of a node; a row moves once per level and no branch depends on it.
template <class GoesLeft>
size_t RandomForest::divide(const Part& part, const GoesLeft& goes_left) {
  size_t left = part.begin, right = part.end - 1;
  for (size_t i = part.begin; i < part.end; ++i) {
    const uint16_t row = part.from[i];
    const size_t go = goes_left(row) ? 1 : 0;
    part.to[left] = part.to[right] = row;
    left += go;
    right -= 1 - go;
  }
  return left;
}

void RandomForest::walk(const Part& rows, const Block& block, std::span<Leaf> sums) const {
  std::vector<Part> open = {rows};
  while (!open.empty()) {
    const Part part = open.back();
    open.pop_back();
    const Node& node = trees_.nodes[part.node];
    if (trees_.is_leaf(part.node)) {
      const Leaf leaf = trees_.leaves[part.node];
      for (size_t i = part.begin; i < part.end; ++i) {
        sums[part.from[i]].mean += leaf.mean;
        sums[part.from[i]].second_moment += leaf.second_moment;
      }
      continue;
    }
    const float* x = block.column(static_cast<size_t>(node.column));
    const size_t middle = node.left_categories != 0
                              ? divide(part, [&](uint16_t row) { return node.has_category(x[row]); })
                              : divide(part, [&](uint16_t row) { return x[row] <= node.threshold; });
    const auto left = static_cast<size_t>(node.left);
    if (middle < part.end) open.push_back({left + 1, middle, part.end, part.to, part.from});
    if (middle > part.begin) open.push_back({left, part.begin, middle, part.to, part.from});
  }
}

void RandomForest::add_leaves(const Block& block, std::span<Leaf> sums) const {
  if (masks_) return masks_->add(block, sums);
  std::vector<uint16_t> rows(block.rows), other(block.rows);
  for (const size_t root : trees_.roots) {
    std::iota(rows.begin(), rows.end(), uint16_t{0});
    walk({.node = root, .begin = 0, .end = block.rows, .from = rows.data(), .to = other.data()}, block, sums);
  }
}

void RandomForest::predict(std::span<const float> rows, std::span<double> mean, std::span<double> variance) const {
  const size_t columns = categories_.size();
  DSNN_ASSERT(!trees_.roots.empty() && rows.size() == mean.size() * columns && mean.size() == variance.size());
  const double trees = static_cast<double>(trees_.roots.size());
  Block block;
  std::vector<Leaf> sums;
  for (size_t start = 0; start < mean.size(); start += block.rows) {
    block.rows = std::min(kBlock, mean.size() - start);
    block.values.resize(block.rows * columns);
    for (size_t i = 0; i < block.rows; ++i) {
      for (size_t c = 0; c < columns; ++c)
        block.values[c * block.rows + i] = imputed(rows[(start + i) * columns + c], c);
    }
    sums.assign(block.rows, {});
    add_leaves(block, sums);
    for (size_t i = 0; i < block.rows; ++i) {
      const double mu = sums[i].mean / trees;
      mean[start + i] = shift_ + scale_ * mu;
      if (options_.trend) mean[start + i] += trend_(rows.subspan((start + i) * columns, columns));
      variance[start + i] = scale_ * scale_ * std::max(sums[i].second_moment / trees - mu * mu, kVarianceFloor);
    }
  }
}

}  // namespace parego
