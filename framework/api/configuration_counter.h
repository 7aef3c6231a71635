#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "dsnn/search_space.h"

namespace dsnn {

/// Counts configurations. Parameters that no condition connects are multiplied. Where each has one parent at most, the
/// values of a parent fall into ranges with the same children: one sum a parent. Where parameters have several parents,
/// ranges are tried in all combinations, up to a limit.
class ConfigurationCounter {
 public:
  explicit ConfigurationCounter(const std::vector<Parameter>& parameters)
      : parameters_(parameters), children_(parameters.size()), taken_(parameters.size(), kOff) {
    for (size_t p = 0; p < parameters.size(); ++p) {
      for (int parent : parents(p)) children_[static_cast<size_t>(parent)].push_back(p);
    }
  }

  /// Infinity when a continuum is reachable, or when the number is large and would take long to find.
  double count() {
    double result = 1;
    for (const std::vector<size_t>& group : groups()) result *= of_group(group);
    return result;
  }

 private:
  static constexpr int64_t kOff = -1;
  static constexpr size_t kMostWork = 500'000, kMostDepth = 1'000;
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  /// `size` neighbouring values of a parameter, all with the same children.
  struct Range {
    int64_t first = 0;
    double size = 0;
    std::vector<size_t> children;
  };

  std::vector<int> parents(size_t p) const {
    std::vector<int> out;
    for (const Condition& c : parameters_[p].active_when) out.push_back(c.parent);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  /// Groups of parameters connected by conditions, each in ascending order.
  std::vector<std::vector<size_t>> groups() const {
    std::vector<size_t> up(parameters_.size());
    std::iota(up.begin(), up.end(), size_t{0});
    const auto root = [&](size_t p) {
      while (up[p] != p) p = up[p] = up[up[p]];
      return p;
    };
    for (size_t p = 0; p < up.size(); ++p) {
      for (const Condition& c : parameters_[p].active_when) {
        const size_t a = root(p), b = root(static_cast<size_t>(c.parent));
        up[std::max(a, b)] = std::min(a, b);
      }
    }
    std::map<size_t, std::vector<size_t>> by_root;
    for (size_t p = 0; p < up.size(); ++p) by_root[root(p)].push_back(p);
    std::vector<std::vector<size_t>> out;
    for (auto& [name, members] : by_root) out.push_back(std::move(members));
    return out;
  }

  double of_group(const std::vector<size_t>& members) {
    const bool tree = std::all_of(members.begin(), members.end(), [&](size_t p) { return parents(p).size() <= 1; });
    return tree ? of_tree(members.front()) : of_rest(members, 0);
  }

  double of_tree(size_t p) const {
    if (children_[p].empty()) return values(p);
    double total = 0;
    for (const Range& range : ranges(p)) {
      double below = range.size;
      for (size_t child : range.children) below *= of_tree(child);
      total += below;
    }
    return total;
  }

  /// The members from number `at` on, what comes before them being taken.
  double of_rest(const std::vector<size_t>& members, size_t at) {
    double result = 1;
    for (; at < members.size(); ++at) {
      const size_t p = members[at];
      taken_[p] = kOff;
      if (!is_active(p)) continue;
      if (!children_[p].empty()) return result * of_parent(members, at);
      result *= values(p);
    }
    return result;
  }

  double of_parent(const std::vector<size_t>& members, size_t at) {
    const size_t p = members[at];
    work_ += members.size() - at;
    if (work_ > kMostWork || ++depth_ > kMostDepth) return kInfinity;
    std::map<std::vector<size_t>, Range> alike;  // ranges with the same children, wherever they lie
    for (const Range& range : ranges(p)) {
      Range& all =
          alike.try_emplace(range.children, Range{.first = range.first, .size = 0, .children = {}}).first->second;
      all.size += range.size;
    }
    double total = 0;
    for (const auto& [children, range] : alike) {
      taken_[p] = range.first;
      total += range.size * of_rest(members, at + 1);
    }
    --depth_;
    return total;
  }

  /// All values of a parameter, cut wherever a condition on it begins or ends.
  std::vector<Range> ranges(size_t p) const {
    std::map<int64_t, std::vector<std::pair<size_t, int>>> cuts;  // where so many conditions of a child begin or end
    const int64_t n = parameters_[p].domain.count();
    cuts[0], cuts[n];
    for (size_t child : children_[p]) {
      for (const Condition& c : parameters_[child].active_when) {
        if (c.parent != static_cast<int>(p)) continue;
        cuts[c.first].emplace_back(child, 1);
        cuts[c.last + 1].emplace_back(child, -1);
      }
    }
    std::vector<Range> out;
    std::map<size_t, int> on;
    for (auto cut = cuts.begin(); cut->first < n; ++cut) {
      for (const auto& [child, change] : cut->second) {
        if ((on[child] += change) == 0) on.erase(child);
      }
      Range range{.first = cut->first, .size = static_cast<double>(std::next(cut)->first - cut->first), .children = {}};
      for (const auto& [child, times] : on) range.children.push_back(child);
      out.push_back(std::move(range));
    }
    return out;
  }

  bool is_active(size_t p) const {
    const std::vector<Condition>& when = parameters_[p].active_when;
    return when.empty() || std::any_of(when.begin(), when.end(), [&](const Condition& c) {
             return c.holds(taken_[static_cast<size_t>(c.parent)]);
           });
  }

  double values(size_t p) const {
    const int64_t n = parameters_[p].domain.count();
    return n == 0 ? kInfinity : static_cast<double>(n);
  }

  const std::vector<Parameter>& parameters_;
  std::vector<std::vector<size_t>> children_;
  std::vector<int64_t> taken_;  ///< number of the value taken
  size_t work_ = 0, depth_ = 0;
};

}  // namespace dsnn
