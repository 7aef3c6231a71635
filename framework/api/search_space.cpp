#include "dsnn/search_space.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "configuration_counter.h"
#include "dsnn/error.h"

namespace dsnn {
namespace {

constexpr double kInactive = std::numeric_limits<double>::quiet_NaN();

/// Equal scalars; 1 and 1.0 are the same choice.
bool same(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.number() == b.number();
  return a == b;
}

int choice_index(const Domain& domain, const Value& value) {
  for (size_t i = 0; i < domain.choices.size(); ++i) {
    if (same(domain.choices[i], value)) return static_cast<int>(i);
  }
  return -1;
}

constexpr double kMostValues = 0x1p53;

/// What the roundings of an end, of a step and of their quotient may add up to, in steps.
double slack(const Domain& d) {
  return 1e-9 + 8 * std::numeric_limits<double>::epsilon() * std::max(std::abs(d.lo), std::abs(d.hi)) / d.spacing();
}

int64_t cells(const Domain& d) {
  const double steps = std::floor((d.hi - d.lo) / d.spacing() + slack(d)) + 1;
  return static_cast<int64_t>(std::clamp(steps, 1.0, kMostValues));
}

int decimal_exponent(double x) { return static_cast<int>(std::floor(std::log10(std::abs(x)))); }

/// `x` to 15 digits of the larger `scale`: 0.1 + 2 * 0.1 is 0.3, and -0.3 + 3 * 0.1 is 0.
double decimal(double x, double scale) {
  const int digits = x == 0 ? -1 : 14 - (decimal_exponent(scale) - decimal_exponent(x));
  if (digits < 0) return 0;
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, x, std::chars_format::scientific, std::min(digits, 16)).ptr;
  std::from_chars(text, end, x);
  return x;
}

/// Value number `i`; decimal steps must not overshoot the end.
double grid(const Domain& d, double i) {
  const double x = d.lo + i * d.spacing();
  if (d.type == Domain::Type::integer || i == 0) return std::min(x, d.hi);
  return std::clamp(decimal(x, std::max(std::abs(d.lo), std::abs(d.hi))), d.lo, d.hi);
}

Value number_value(const Domain& d, double x) {
  if (d.type != Domain::Type::integer) return Value(x);
  constexpr double kEnd = 0x1p63;
  if (x >= kEnd) return Value(std::numeric_limits<int64_t>::max());
  return Value(x <= -kEnd ? std::numeric_limits<int64_t>::min() : static_cast<int64_t>(std::llround(x)));
}

/// The ends, in logarithms, of the strip that a log-scaled grid divides among its values.
std::pair<double, double> log_strip(const Domain& d) {
  const double half = 0.5 * d.spacing();
  const double last = grid(d, static_cast<double>(cells(d) - 1));
  return {std::log(std::max(d.lo - half, 0.5 * d.lo)), std::log(last + half)};
}

/// The number of the grid value next to `x`.
double nearest(const Domain& d, double x) {
  const double i = std::round((std::clamp(x, d.lo, d.hi) - d.lo) / d.spacing());
  return std::clamp(i, 0.0, static_cast<double>(cells(d) - 1));
}

double snapped(const Domain& d, double x) {
  return d.spacing() == 0 ? std::clamp(x, d.lo, d.hi) : grid(d, nearest(d, x));
}

/// `u` in [0,1] -> number of the domain.
double number_at(const Domain& d, double u) {
  if (d.spacing() == 0) {
    if (!d.log) return std::clamp(d.lo + u * (d.hi - d.lo), d.lo, d.hi);
    return std::clamp(std::exp(std::log(d.lo) + u * (std::log(d.hi) - std::log(d.lo))), d.lo, d.hi);
  }
  if (d.log) {
    const auto [from, to] = log_strip(d);
    return snapped(d, std::exp(from + u * (to - from)));
  }
  const double n = static_cast<double>(cells(d));
  return grid(d, std::clamp(std::floor(u * n), 0.0, n - 1));
}

double unit_of_number(const Domain& d, double x) {
  if (d.spacing() == 0) {
    if (d.hi <= d.lo) return 0.5;
    const double u =
        d.log ? (std::log(x) - std::log(d.lo)) / (std::log(d.hi) - std::log(d.lo)) : (x - d.lo) / (d.hi - d.lo);
    return std::clamp(u, 0.0, 1.0);
  }
  if (d.log) {
    const auto [from, to] = log_strip(d);
    return std::clamp((std::log(snapped(d, x)) - from) / (to - from), 0.0, 1.0);
  }
  return (nearest(d, x) + 0.5) / static_cast<double>(cells(d));
}

const char* type_name(Domain::Type type) {
  constexpr const char* names[] = {"float", "int", "choice"};
  return names[static_cast<size_t>(type)];
}

Domain::Type type_from(const std::string& name) {
  if (name == "float") return Domain::Type::real;
  if (name == "int") return Domain::Type::integer;
  if (name == "choice") return Domain::Type::choice;
  throw std::invalid_argument("search space: unknown domain type '" + name + "'");
}

}  // namespace

const Value* Configuration::find(const std::string& id) const {
  const auto found = values.find(id);
  return found == values.end() ? nullptr : &found->second;
}

std::string Configuration::to_json() const {
  Value::Map map;
  for (const auto& [id, value] : values) map.emplace_back(id, value);
  return to_canonical_json(Value(std::move(map)));
}

namespace {

uint64_t hash_of(const Value& value) {
  if (value.is_string()) return hash64(1, value.string());
  if (value.is_int()) return hash64(2, static_cast<uint64_t>(value.integer()));
  if (value.is_float()) return hash64(3, std::bit_cast<uint64_t>(value.number() + 0.0));  // 0 and -0 are equal
  if (value.is_bool()) return hash64(4, uint64_t{value.boolean()});
  uint64_t h = 5;
  if (value.is_list()) {
    for (const Value& item : value.items()) h = hash64(h, hash_of(item));
  } else if (value.is_map()) {
    for (const auto& [key, item] : value.members()) h += hash64(hash_of(item), key);  // in any order
  }
  return h;
}

}  // namespace

uint64_t Configuration::hash() const {
  uint64_t h = values.size();
  for (const auto& [id, value] : values) h = hash64(hash64(h, id), hash_of(value));
  return h;
}

Configuration Configuration::from_json(const Value& json) {
  if (!json.is_map()) throw std::invalid_argument("configuration: expected a map of parameter ids to values");
  Configuration out;
  for (const auto& [id, value] : json.members()) out.values.emplace(id, value);
  return out;
}

double Domain::spacing() const {
  if (type == Type::choice) return 0;
  if (step > 0) return step;
  return type == Type::integer ? 1 : 0;
}

int64_t Domain::count() const {
  if (type == Type::choice) return static_cast<int64_t>(choices.size());
  if (lo == hi) return 1;
  return spacing() == 0 ? 0 : cells(*this);
}

int64_t Domain::index_of(const Value& value) const {
  if (type == Type::choice) return choice_index(*this, value);
  if (count() == 0 || !contains(value)) return -1;
  return lo == hi ? 0 : static_cast<int64_t>(nearest(*this, value.number()));
}

Value Domain::value_of(int64_t index) const {
  DSNN_ASSERT(index >= 0 && index < count());
  if (type == Type::choice) return choices[static_cast<size_t>(index)];
  return number_value(*this, lo == hi ? lo : grid(*this, static_cast<double>(index)));
}

bool Domain::contains(const Value& value) const {
  if (type == Type::choice) return choice_index(*this, value) >= 0;
  if (!value.is_number() || (type == Type::integer && !value.is_int())) return false;
  const double x = value.number();
  if (spacing() == 0 || lo == hi) return x >= lo && x <= hi;
  return std::abs(snapped(*this, x) - x) <= slack(*this) * spacing();
}

SearchSpace::SearchSpace(std::vector<Parameter> parameters) : parameters_(std::move(parameters)) {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    for (const Condition& c : parameters_[i].active_when) {
      DSNN_ASSERT(c.parent >= 0 && c.parent < static_cast<int>(i));
      const Domain& parent = parameters_[static_cast<size_t>(c.parent)].domain;
      DSNN_ASSERT(c.first >= 0 && c.first <= c.last && c.last < parent.count());
    }
    const bool unique = index_.emplace(parameters_[i].id, static_cast<int>(i)).second;
    DSNN_ASSERT(unique);
  }
}

int SearchSpace::index_of(std::string_view id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? -1 : found->second;
}

namespace {

bool is_active(const Parameter& parameter, const std::vector<int64_t>& taken) {
  const std::vector<Condition>& when = parameter.active_when;
  return when.empty() || std::any_of(when.begin(), when.end(),
                                     [&](const Condition& c) { return c.holds(taken[static_cast<size_t>(c.parent)]); });
}

/// Walks the parameters in order, asks `value_of(index)` for each active one, and so builds a configuration.
template <class ValueOf>
Configuration build(const std::vector<Parameter>& parameters, const ValueOf& value_of) {
  Configuration out;
  std::vector<int64_t> taken(parameters.size(), -1);
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!is_active(parameters[i], taken)) continue;
    Value value = value_of(i);
    taken[i] = parameters[i].domain.index_of(value);
    out.values.emplace(parameters[i].id, std::move(value));
  }
  return out;
}

}  // namespace

Configuration SearchSpace::default_configuration() const {
  return build(parameters_, [&](size_t i) { return parameters_[i].default_value; });
}

Configuration SearchSpace::sample(Rng& rng) const {
  std::vector<double> unit(parameters_.size());
  for (double& u : unit) u = rng.uniform();
  return decode(unit);
}

std::optional<double> SearchSpace::count() const {
  const double n = ConfigurationCounter(parameters_).count();
  if (!(n <= 0x1p53)) return std::nullopt;
  return n;
}

namespace {

/// Depth-first over the values of one parameter after the other; false = stop.
bool visit_from(const std::vector<Parameter>& parameters, size_t i, std::vector<int64_t>& taken, Configuration& partial,
                const std::function<bool(const Configuration&)>& visit) {
  if (i == parameters.size()) return visit(partial);
  const Parameter& p = parameters[i];
  taken[i] = -1;
  if (!is_active(p, taken)) return visit_from(parameters, i + 1, taken, partial, visit);
  DSNN_ASSERT(p.domain.count() > 0);
  for (int64_t v = 0; v < p.domain.count(); ++v) {
    taken[i] = v;
    partial.values[p.id] = p.domain.value_of(v);
    if (!visit_from(parameters, i + 1, taken, partial, visit)) return false;
  }
  partial.values.erase(p.id);
  return true;
}

}  // namespace

void SearchSpace::enumerate(const std::function<bool(const Configuration&)>& visit) const {
  std::vector<int64_t> taken(parameters_.size(), -1);
  Configuration partial;
  visit_from(parameters_, 0, taken, partial, visit);
}

std::vector<double> SearchSpace::encode(const Configuration& configuration) const {
  const std::vector<bool> on = active(configuration);
  std::vector<double> out(parameters_.size(), kInactive);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const Value* value = on[i] ? configuration.find(parameters_[i].id) : nullptr;
    if (value == nullptr) continue;
    const Domain& d = parameters_[i].domain;
    if (d.type != Domain::Type::choice) {
      out[i] = unit_of(i, *value);
      continue;
    }
    const int index = choice_index(d, *value);
    DSNN_ASSERT(index >= 0);
    const double last = static_cast<double>(d.choices.size()) - 1;
    out[i] = !d.ordered ? index : last > 0 ? index / last : 0.0;
  }
  return out;
}

Configuration SearchSpace::decode(const std::vector<double>& unit) const {
  DSNN_ASSERT(unit.size() == parameters_.size());
  return build(parameters_,
               [&](size_t i) { return std::isnan(unit[i]) ? parameters_[i].default_value : value_at(i, unit[i]); });
}

std::vector<bool> SearchSpace::active(const Configuration& configuration) const {
  std::vector<bool> on(parameters_.size(), false);
  std::vector<int64_t> taken(parameters_.size(), -1);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    on[i] = is_active(parameters_[i], taken);
    const Value* value = on[i] ? configuration.find(parameters_[i].id) : nullptr;
    if (value != nullptr) taken[i] = parameters_[i].domain.index_of(*value);
  }
  return on;
}

Configuration SearchSpace::repaired(const Configuration& configuration) const {
  return build(parameters_, [&](size_t i) {
    const Parameter& p = parameters_[i];
    const Value* value = configuration.find(p.id);
    if (value == nullptr) return p.default_value;
    if (p.domain.type == Domain::Type::choice) {
      const int index = choice_index(p.domain, *value);
      return index < 0 ? p.default_value : p.domain.choices[static_cast<size_t>(index)];
    }
    if (!value->is_number() || std::isnan(value->number())) return p.default_value;
    return number_value(p.domain, snapped(p.domain, value->number()));
  });
}

Value SearchSpace::value_at(size_t parameter, double u) const {
  const Domain& d = parameters_[parameter].domain;
  if (d.type != Domain::Type::choice) return number_value(d, number_at(d, u));
  const double k = static_cast<double>(d.choices.size());
  return d.choices[static_cast<size_t>(std::clamp(std::floor(u * k), 0.0, k - 1))];
}

double SearchSpace::unit_of(size_t parameter, const Value& value) const {
  const Domain& d = parameters_[parameter].domain;
  if (d.type != Domain::Type::choice) return unit_of_number(d, value.number());
  const int index = choice_index(d, value);
  DSNN_ASSERT(index >= 0);
  return (index + 0.5) / static_cast<double>(d.choices.size());
}

Value SearchSpace::to_json() const {
  Value out = Value::list();
  for (const Parameter& p : parameters_) {
    Value item = Value::map();
    item.set("id", p.id);
    item.set("type", type_name(p.domain.type));
    if (p.domain.type == Domain::Type::choice) {
      item.set("choices", p.domain.choices);
      item.set("ordered", p.domain.ordered);
    } else {
      item.set("lo", p.domain.lo);
      item.set("hi", p.domain.hi);
      item.set("log", p.domain.log);
      item.set("step", p.domain.step);
    }
    item.set("default", p.default_value);
    Value when = Value::list();
    for (const Condition& c : p.active_when) {
      Value::List condition{Value(c.parent), Value(c.first)};
      if (c.last != c.first) condition.emplace_back(c.last);
      when.push_back(Value(std::move(condition)));
    }
    item.set("active_when", std::move(when));
    out.push_back(std::move(item));
  }
  return out;
}

SearchSpace SearchSpace::from_json(const Value& json) {
  if (!json.is_list()) throw std::invalid_argument("search space: expected a list of parameters");
  std::vector<Parameter> parameters;
  for (const Value& item : json.items()) {
    Parameter p;
    p.id = item.at("id").string();
    p.domain.type = type_from(item.at("type").string());
    if (p.domain.type == Domain::Type::choice) {
      p.domain.choices = item.at("choices").items();
      p.domain.ordered = item.at("ordered").boolean();
    } else {
      p.domain.lo = item.at("lo").number();
      p.domain.hi = item.at("hi").number();
      p.domain.log = item.at("log").boolean();
      p.domain.step = item.at("step").number();
    }
    p.default_value = item.at("default");
    for (const Value& c : item.at("active_when").items()) {
      p.active_when.push_back({.parent = static_cast<int>(c.items()[0].integer()),
                               .first = c.items()[1].integer(),
                               .last = c.items().back().integer()});
    }
    parameters.push_back(std::move(p));
  }
  return SearchSpace(std::move(parameters));
}

}  // namespace dsnn
