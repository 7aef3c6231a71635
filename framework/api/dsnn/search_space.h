#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "dsnn/rng.h"
#include "dsnn/value.h"

namespace dsnn {

/// One point of the search space: parameter id -> value, active parameters only.
///
/// A choice between scalars holds the scalar itself; a choice between sections holds the label of the section taken.
struct Configuration {
  std::map<std::string, Value> values;

  const Value* find(const std::string& id) const;
  /// Canonical JSON; equal configurations give equal bytes.
  std::string to_json() const;
  /// Equal for equal configurations, on every machine.
  uint64_t hash() const;
  static Configuration from_json(const Value& json);
  friend bool operator==(const Configuration&, const Configuration&) = default;
};

/// Different configurations; each is hashed once.
class ConfigurationSet {
 public:
  /// False when it was there.
  bool insert(const Configuration& configuration) { return all_.insert(configuration).second; }
  bool contains(const Configuration& configuration) const { return all_.contains(configuration); }
  size_t size() const { return all_.size(); }

 private:
  struct Hash {
    size_t operator()(const Configuration& configuration) const { return configuration.hash(); }
  };
  std::unordered_set<Configuration, Hash> all_;
};

/// The domain of one parameter. Both ends are included.
struct Domain {
  enum class Type { real, integer, choice };
  Type type = Type::real;
  double lo = 0, hi = 1;       ///< real, integer
  bool log = false;            ///< real, integer; lo > 0
  double step = 0;             ///< 0 = none; else values are lo + i * step, to 15 digits
  std::vector<Value> choices;  ///< choice: scalars, or labels of sections
  bool ordered = false;        ///< choice: neighbours are similar

  /// How far from zero, in steps, the ends of a grid may lie for its arithmetic to be exact.
  static constexpr double kMostSteps = 1e12;

  /// Distance of two neighbours: the step, 1 for integers without one, 0 = a continuum or a choice.
  double spacing() const;
  /// Number of distinct values, at most 2^53; 0 = a continuum.
  int64_t count() const;
  /// Position of `value` among them, from 0; -1 = none of them, or a continuum. What misses a grid by rounding alone is
  /// on it.
  int64_t index_of(const Value& value) const;
  /// Value number `index` of a domain that is no continuum.
  Value value_of(int64_t index) const;
  bool contains(const Value& value) const;
};

/// `parent` has taken one of the values number `first` to `last` of its domain: of its choices, or of the grid of a
/// finite numeric domain.
struct Condition {
  int parent = -1;
  int64_t first = 0, last = 0;

  bool holds(int64_t taken) const { return first <= taken && taken <= last; }
};

struct Parameter {
  std::string id;
  Domain domain;
  Value default_value;
  /// Active when any of these holds and its parent is active; empty = always. Parents come earlier in the space.
  std::vector<Condition> active_when;
};

/// The search space: parameters in a fixed order, parents before children. Immutable, torch-free.
class SearchSpace {
 public:
  SearchSpace() = default;
  explicit SearchSpace(std::vector<Parameter> parameters);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  size_t size() const { return parameters_.size(); }
  bool empty() const { return parameters_.empty(); }
  int index_of(std::string_view id) const;  ///< -1 when there is none

  /// Every active parameter at its default.
  Configuration default_configuration() const;
  /// Uniform in the unit cube of section "Encoding" of the search specification; inactive parameters are dropped.
  Configuration sample(Rng& rng) const;
  /// Distinct configurations, or nullopt when a parameter is continuous, when the number passes 2^53, or when it is
  /// large and would take long to find out.
  std::optional<double> count() const;
  /// Shows every configuration of a finite space (see count()) once, in a fixed order, until `visit` returns false.
  void enumerate(const std::function<bool(const Configuration&)>& visit) const;

  /// One coordinate per parameter: number -> [0,1] (log first), int -> centre of its cell, ordered choice -> i/(k-1),
  /// other choice -> i; NaN = inactive.
  std::vector<double> encode(const Configuration& configuration) const;
  /// The inverse of unit-cube coordinates (choices too in [0,1): floor(u*k)); inactive parameters are dropped.
  Configuration decode(const std::vector<double>& unit) const;
  /// Which parameters are active, given the choices in `configuration`.
  std::vector<bool> active(const Configuration& configuration) const;
  /// Puts every value inside its domain, drops inactive and unknown ids, adds missing active ones at their default.
  Configuration repaired(const Configuration& configuration) const;
  /// The value of one parameter at unit coordinate u in [0,1].
  Value value_at(size_t parameter, double u) const;
  /// The unit coordinate of a value: inverse of value_at (centre of a cell for ints and choices).
  double unit_of(size_t parameter, const Value& value) const;

  Value to_json() const;
  static SearchSpace from_json(const Value& json);

 private:
  std::vector<Parameter> parameters_;
  std::map<std::string, int, std::less<>> index_;
};

}  // namespace dsnn
