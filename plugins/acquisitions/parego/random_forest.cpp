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

constexpr size_t kBlock = 512;           // rows per pass over the trees: a tree is loaded once for all of them
constexpr double kVarianceFloor = 1e-5;  // of targets scaled to a range of 1
constexpr int kSubsets = 4;              // random subsets tried per categorical column and node
constexpr int kMaxCategories = 31;       // later ones share a bit; bit 31 is "inactive"

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
    weight_.resize(count_);
    goes_left_.resize(count_);
    scratch_.resize(count_);
    tried_.resize(columns_);
    std::iota(tried_.begin(), tried_.end(), size_t{0});
  }

  void grow(dsnn::Rng rng) {
    std::fill(weight_.begin(), weight_.end(), forest_.options_.bootstrap ? 0.0f : 1.0f);
    if (forest_.options_.bootstrap) {
      for (size_t i = 0; i < count_; ++i)
        weight_[static_cast<size_t>(rng.integer(0, static_cast<int64_t>(count_) - 1))] += 1;
    }
    in_bag_.resize(columns_ * count_);
    size_t kept = 0;
    for (size_t c = 0; c < columns_; ++c) {
      kept = 0;
      for (size_t i = 0; i < count_; ++i) {
        const int32_t r = sorted_[c * count_ + i];
        if (weight_[static_cast<size_t>(r)] > 0) in_bag_[c * count_ + kept++] = r;
      }
    }
    std::iota(tried_.begin(), tried_.end(), size_t{0});
    forest_.roots_.push_back(static_cast<int32_t>(forest_.nodes_.size()));
    forest_.nodes_.emplace_back();
    open_.push_back({static_cast<size_t>(forest_.roots_.back()), 0, kept});
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
    double n = 0, sum = 0, squares = 0;
  };
  struct Split {
    double gain = 0;
    size_t column = 0;
    float threshold = 0, upper = 0;  ///< neighbouring values around a numeric split
    uint32_t mask = 0;
  };

  Sums sums_of(const Open& node) const {
    Sums s;
    for (size_t i = node.begin; i < node.end; ++i) {
      const size_t r = static_cast<size_t>(in_bag_[i]);
      const double w = weight_[r], y = targets_[r];
      s.n += w;
      s.sum += w * y;
      s.squares += w * y * y;
    }
    return s;
  }

  void expand(const Open& node, dsnn::Rng& rng) {
    const Sums total = sums_of(node);
    Split best;
    const double spread = total.squares - total.sum * total.sum / total.n;
    if (total.n >= forest_.options_.min_split && node.end - node.begin > 1 && spread > 1e-12 * total.n) {
      const auto wanted = static_cast<size_t>(std::ceil(forest_.options_.features * static_cast<double>(columns_)));
      for (size_t k = 0; k < columns_ && (k < wanted || best.gain <= 0); ++k) {
        std::swap(
            tried_[k],
            tried_[static_cast<size_t>(rng.integer(static_cast<int64_t>(k), static_cast<int64_t>(columns_) - 1))]);
        const size_t c = tried_[k];
        forest_.categories_[c] > 0 ? try_subsets(c, node, total, best, rng) : try_thresholds(c, node, total, best);
      }
    }
    if (best.gain <= 0) return make_leaf(node.node, total);
    if (best.mask == 0) best.threshold += static_cast<float>(rng.uniform()) * (best.upper - best.threshold) * 0.999f;
    split(node, best);
  }

  void make_leaf(size_t node, const Sums& total) {
    forest_.nodes_[node] = {.threshold = std::numeric_limits<float>::infinity(),
                            .left = static_cast<int32_t>(node),
                            .left_categories = 0,
                            .column = 0};
    const double extra = forest_.options_.smoothing;  // pseudo-samples, half of them 1
    forest_.leaves_.resize(std::max(forest_.leaves_.size(), node + 1));
    forest_.leaves_[node] = {static_cast<float>((total.sum + 0.5 * extra) / (total.n + extra)),
                             static_cast<float>((total.squares + 0.5 * extra) / (total.n + extra))};
  }

  double gain(const Sums& total, double n_left, double sum_left) const {
    const double n_right = total.n - n_left, sum_right = total.sum - sum_left;
    if (n_left < forest_.options_.min_leaf || n_right < forest_.options_.min_leaf) return 0;
    return sum_left * sum_left / n_left + sum_right * sum_right / n_right - total.sum * total.sum / total.n;
  }

  void try_thresholds(size_t c, const Open& node, const Sums& total, Split& best) const {
    const int32_t* rows = &in_bag_[c * count_];
    const float* value = &values_[c * count_];
    double n = 0, sum = 0;
    for (size_t i = node.begin; i + 1 < node.end; ++i) {
      const size_t r = static_cast<size_t>(rows[i]);
      n += weight_[r];
      sum += weight_[r] * targets_[r];
      const float here = value[r], next = value[static_cast<size_t>(rows[i + 1])];
      if (here == next) continue;
      const double g = gain(total, n, sum);
      if (g > best.gain) best = {.gain = g, .column = c, .threshold = here, .upper = next, .mask = 0};
    }
  }

  void try_subsets(size_t c, const Open& node, const Sums& total, Split& best, dsnn::Rng& rng) {
    const int32_t* rows = &in_bag_[c * count_];
    const float* value = &values_[c * count_];
    std::array<double, 32> n{}, sum{};
    uint32_t present = 0;
    for (size_t i = node.begin; i < node.end; ++i) {
      const size_t r = static_cast<size_t>(rows[i]);
      const size_t category = static_cast<size_t>(value[r]);
      present |= 1U << category;
      n[category] += weight_[r];
      sum[category] += weight_[r] * targets_[r];
    }
    if ((present & (present - 1)) == 0) return;
    for (int k = 0; k < kSubsets; ++k) {
      // Absent categories fall on a random side, so that unseen ones are not all treated alike.
      const uint32_t mask = rng.bits32();
      if ((mask & present) == 0 || (mask & present) == present) continue;
      double n_left = 0, sum_left = 0;
      for (uint32_t left = mask & present; left != 0; left &= left - 1) {
        const auto category = static_cast<size_t>(std::countr_zero(left));
        n_left += n[category];
        sum_left += sum[category];
      }
      const double g = gain(total, n_left, sum_left);
      if (g > best.gain) best = {.gain = g, .column = c, .threshold = 0, .upper = 0, .mask = mask};
    }
  }

  void split(const Open& node, const Split& best) {
    const float* value = &values_[best.column * count_];
    size_t left = 0;
    for (size_t i = node.begin; i < node.end; ++i) {
      const size_t r = static_cast<size_t>(in_bag_[i]);
      goes_left_[r] = best.mask != 0 ? (best.mask >> static_cast<unsigned>(value[r])) & 1 : value[r] <= best.threshold;
      left += goes_left_[r];
    }
    for (size_t c = 0; c < columns_; ++c) partition(&in_bag_[c * count_], node);
    const int32_t child = static_cast<int32_t>(forest_.nodes_.size());
    forest_.nodes_.resize(forest_.nodes_.size() + 2);
    forest_.nodes_[node.node] = {.threshold = best.mask != 0 ? -std::numeric_limits<float>::infinity() : best.threshold,
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
  std::vector<int32_t> sorted_, in_bag_;  ///< rows by value, per column
  std::vector<float> weight_;             ///< times a row was drawn
  std::vector<uint8_t> goes_left_;
  std::vector<int32_t> scratch_;
  std::vector<size_t> tried_;
  std::vector<Open> open_;
};

float RandomForest::imputed(float x, size_t column) const {
  if (categories_[column] == 0) return std::isnan(x) ? -1.0f : x;
  if (std::isnan(x)) return static_cast<float>(kMaxCategories);
  return std::min(x, static_cast<float>(kMaxCategories - 1));
}

void RandomForest::fit(std::span<const int> categories, std::span<const float> rows, std::span<const double> targets,
                       const dsnn::Rng& rng) {
  DSNN_ASSERT(!targets.empty() && rows.size() == targets.size() * categories.size());
  categories_.assign(categories.begin(), categories.end());
  const auto [lo, hi] = std::minmax_element(targets.begin(), targets.end());
  shift_ = *lo;
  scale_ = *hi > *lo ? *hi - *lo : 1.0;
  nodes_.clear();
  leaves_.clear();
  roots_.clear();
  TreeGrower grower(*this, rows, targets);
  for (int t = 0; t < options_.trees; ++t) grower.grow(rng.fork("tree", static_cast<uint64_t>(t)));
}

void RandomForest::descend(const float* rows, size_t columns, std::array<int32_t, kLane>& at) const {
  const Node* nodes = nodes_.data();
  for (bool moved = true; moved;) {  // all rows go down one level at a time: no mispredicted branches
    int32_t change = 0;
    for (size_t i = 0; i < kLane; ++i) {
      const Node& node = nodes[at[i]];
      const float x = rows[i * columns + static_cast<size_t>(node.column)];
      const bool below = x <= node.threshold;
      const bool chosen = (node.left_categories >> (static_cast<unsigned>(static_cast<int>(x)) & 31U)) & 1U;
      const int32_t next = node.left + static_cast<int32_t>(!(below | chosen));
      change |= next ^ at[i];
      at[i] = next;
    }
    moved = change != 0;
  }
}

void RandomForest::predict(std::span<const float> rows, std::span<double> mean, std::span<double> variance) const {
  const size_t columns = categories_.size();
  DSNN_ASSERT(!roots_.empty() && rows.size() == mean.size() * columns && mean.size() == variance.size());
  std::vector<float> block(kBlock * columns);  // rows past the last are stale, and their results unused
  const double trees = static_cast<double>(roots_.size());
  for (size_t start = 0; start < mean.size(); start += kBlock) {
    const size_t n = std::min(kBlock, mean.size() - start);
    for (size_t i = 0; i < n; ++i) {
      for (size_t c = 0; c < columns; ++c) block[i * columns + c] = imputed(rows[(start + i) * columns + c], c);
    }
    std::array<float, kBlock> sum{}, squares{};
    for (const int32_t root : roots_) {
      for (size_t lane = 0; lane < n; lane += kLane) {
        std::array<int32_t, kLane> at;
        at.fill(root);
        descend(&block[lane * columns], columns, at);
        for (size_t i = 0; i < kLane; ++i) {
          const Leaf& leaf = leaves_[static_cast<size_t>(at[i])];
          sum[lane + i] += leaf.mean;
          squares[lane + i] += leaf.second_moment;
        }
      }
    }
    for (size_t i = 0; i < n; ++i) {
      const double mu = sum[i] / trees;
      mean[start + i] = shift_ + scale_ * mu;
      variance[start + i] = scale_ * scale_ * std::max(squares[i] / trees - mu * mu, kVarianceFloor);
    }
  }
}

}  // namespace parego
