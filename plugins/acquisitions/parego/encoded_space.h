#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "dsnn/rng.h"
#include "dsnn/search_space.h"

namespace parego {

/// A search space as flat arrays. A point has one unit coordinate per parameter, in [0, 1); coordinates of inactive
/// parameters are kept, so that a point has values at hand when a change of choice makes them active.
class EncodedSpace {
 public:
  explicit EncodedSpace(const dsnn::SearchSpace& space);

  size_t size() const { return axes_.size(); }
  /// Per column of a feature row: 0 = number, else the number of categories.
  const std::vector<int>& categories() const { return categories_; }

  /// The point of a configuration; what it leaves out is drawn from `rng`.
  void point(const dsnn::Configuration& configuration, std::span<double> out, dsnn::Rng& rng) const;
  void random(std::span<double> out, dsnn::Rng& rng) const;
  /// One row for a surrogate: canonical values, NaN = inactive.
  void features(std::span<const double> point, std::span<float> row) const;
  /// Changes one parameter: a number by a normal step of `sd` (at least one cell of a grid), a choice to another one.
  void change(std::span<double> point, size_t parameter, double sd, dsnn::Rng& rng) const;
  /// Changes each parameter with probability `rate`, and at least one.
  void mutate(std::span<double> point, double rate, double sd, dsnn::Rng& rng) const;
  /// Number of choices of a parameter that is an unordered choice, else 0.
  int choices(size_t parameter) const { return categories_[parameter]; }
  /// Number of one-exchange neighbours of a point, `steps` of them per number.
  size_t exchanges(size_t steps) const;
  /// Puts an unordered choice to its choice number `index`.
  void choose(std::span<double> point, size_t parameter, int index) const;
  dsnn::Configuration configuration(std::span<const double> point) const;

 private:
  struct Axis {
    bool choice = false;
    double cells = 0;        ///< 0 = continuous
    bool irregular = false;  ///< cells of unequal width (a logarithmic grid)
    std::vector<dsnn::Condition> active_when;
    std::unordered_map<std::string, int> index;  ///< of the choices by text, where they are many
  };

  /// Which value of its domain a point gives a parameter that is no continuum.
  int64_t taken(std::span<const double> point, size_t parameter) const;
  /// Number of a value among its axis' choices, -1 = none of them.
  int choice_of(size_t parameter, const dsnn::Value& value) const;

  const dsnn::SearchSpace& space_;
  std::vector<Axis> axes_;
  std::vector<int> categories_;
};

}  // namespace parego
