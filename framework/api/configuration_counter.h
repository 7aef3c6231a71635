#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "dsnn/search_space.h"

namespace dsnn {

/// Counts configurations by conditioning on one parent at a time; what no condition connects is multiplied.
class ConfigurationCounter {
 public:
  explicit ConfigurationCounter(const std::vector<Parameter>& parameters)
      : parameters_(parameters), taken_(parameters.size(), kOpen) {}

  /// Infinity when a continuum is reachable.
  double count() {
    std::vector<int> all(parameters_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
    return product(all);
  }

 private:
  static constexpr int kOpen = -3, kOff = -2, kOther = -1;

  double product(const std::vector<int>& open) {
    double result = 1;
    for (const std::vector<int>& group : components(open)) result *= of_component(group);
    return result;
  }

  /// Groups of parameters connected by conditions among `open`, each in ascending order.
  std::vector<std::vector<int>> components(const std::vector<int>& open) const {
    std::vector<int> group(parameters_.size(), -1);
    for (int p : open) group[static_cast<size_t>(p)] = p;
    for (bool changed = true; changed;) {
      changed = false;
      for (int p : open) {
        for (const Condition& c : parameters_[static_cast<size_t>(p)].active_when) {
          int& a = group[static_cast<size_t>(p)];
          int& b = group[static_cast<size_t>(c.parent)];
          if (b < 0 || a == b) continue;
          a = b = std::min(a, b);
          changed = true;
        }
      }
    }
    std::map<int, std::vector<int>> by_group;
    for (int p : open) by_group[group[static_cast<size_t>(p)]].push_back(p);
    std::vector<std::vector<int>> out;
    for (auto& [name, members] : by_group) out.push_back(std::move(members));
    return out;
  }

  /// The first member has no open parent, so its activity is known.
  double of_component(const std::vector<int>& members) {
    const size_t first = static_cast<size_t>(members.front());
    const bool on = is_active(first);
    if (members.size() == 1) return on ? values(parameters_[first].domain) : 1.0;
    const std::vector<int> rest(members.begin() + 1, members.end());
    double total = 0;
    if (on) {
      double others = values(parameters_[first].domain);
      for (int choice : named_choices(first, rest)) {
        taken_[first] = choice;
        total += product(rest);
        others -= 1;
      }
      taken_[first] = kOther;
      if (others > 0) total += others * product(rest);
    } else {
      taken_[first] = kOff;
      total = product(rest);
    }
    taken_[first] = kOpen;
    return total;
  }

  bool is_active(size_t p) const {
    const std::vector<Condition>& when = parameters_[p].active_when;
    return when.empty() || std::any_of(when.begin(), when.end(), [&](const Condition& c) {
             return taken_[static_cast<size_t>(c.parent)] == c.choice;
           });
  }

  std::vector<int> named_choices(size_t parent, const std::vector<int>& children) const {
    std::vector<int> named;
    for (int child : children) {
      for (const Condition& c : parameters_[static_cast<size_t>(child)].active_when) {
        if (c.parent == static_cast<int>(parent)) named.push_back(c.choice);
      }
    }
    std::sort(named.begin(), named.end());
    named.erase(std::unique(named.begin(), named.end()), named.end());
    return named;
  }

  static double values(const Domain& domain) {
    const int64_t n = domain.count();
    return n == 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(n);
  }

  const std::vector<Parameter>& parameters_;
  std::vector<int> taken_;  ///< choice taken, or one of the three marks
};

}  // namespace dsnn
