#include "execution/probes.h"

#include <algorithm>
#include <set>

namespace dsnn::execution {
namespace {

/// What a range or a choice has to show.
std::vector<Value> telling_values(const Domain& domain) {
  if (domain.type == Domain::Type::choice) return domain.choices;
  if (domain.type == Domain::Type::real) return {Value(domain.lo), Value(domain.hi)};
  return {Value(static_cast<int64_t>(domain.lo)), Value(static_cast<int64_t>(domain.hi))};
}

/// Conditions on one value each, to meet one after the other: every choice, and of a number's values (see
/// IntField::off) the first and the last.
std::vector<Condition> telling_conditions(const SearchSpace& space, const Parameter& parameter, size_t limit) {
  std::vector<Condition> out;
  for (const Condition& when : parameter.active_when) {
    const bool choice = space.parameters()[static_cast<size_t>(when.parent)].domain.type == Domain::Type::choice;
    const int64_t step = choice ? 1 : std::max<int64_t>(1, when.last - when.first);
    for (int64_t value = when.first; value <= when.last && out.size() < limit; value += step)
      out.push_back({.parent = when.parent, .first = value, .last = value});
  }
  return out;
}

/// Gives the parent of `condition` the value it asks for, and switches that parent on where it is not.
void meet(const SearchSpace& space, const Condition& condition, Configuration& configuration) {
  const Parameter& parent = space.parameters()[static_cast<size_t>(condition.parent)];
  configuration.values[parent.id] = parent.domain.value_of(condition.first);
  if (parent.active_when.empty() || space.active(configuration)[static_cast<size_t>(condition.parent)]) return;
  meet(space, parent.active_when.front(), configuration);
}

}  // namespace

std::vector<Configuration> probes(const SearchSpace& space, size_t limit) {
  const Configuration standard = space.default_configuration();
  std::vector<Configuration> out = {standard};
  std::set<std::string> seen = {standard.to_json()};
  const auto add = [&](const Parameter& parameter, const Value& value, const Condition* condition) {
    if (out.size() >= limit) return;
    Configuration probe = standard;
    if (condition != nullptr) meet(space, *condition, probe);
    probe.values[parameter.id] = value;
    probe = space.repaired(probe);
    if (seen.insert(probe.to_json()).second) out.push_back(std::move(probe));
  };
  for (const Parameter& parameter : space.parameters()) {
    const std::vector<Condition> conditions = telling_conditions(space, parameter, limit);
    for (const Value& value : telling_values(parameter.domain)) {
      if (conditions.empty()) add(parameter, value, nullptr);
      for (const Condition& condition : conditions) add(parameter, value, &condition);
    }
  }
  return out;
}

}  // namespace dsnn::execution
