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

/// Conditions to meet one after the other. Of a number's values (see IntField::off) the first and the last will do.
std::vector<Condition> telling_conditions(const SearchSpace& space, const Parameter& parameter) {
  const std::vector<Condition>& all = parameter.active_when;
  if (all.size() <= 2) return all;
  std::vector<Condition> out;
  for (size_t i = 0; i < all.size(); ++i) {
    const bool choice = space.parameters()[static_cast<size_t>(all[i].parent)].domain.type == Domain::Type::choice;
    if (choice || i == 0 || i + 1 == all.size()) out.push_back(all[i]);
  }
  return out;
}

/// Gives the parent of `condition` the value it asks for, and switches that parent on where it is not.
void meet(const SearchSpace& space, const Condition& condition, Configuration& configuration) {
  const Parameter& parent = space.parameters()[static_cast<size_t>(condition.parent)];
  configuration.values[parent.id] = parent.domain.value_of(condition.choice);
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
    const std::vector<Condition> conditions = telling_conditions(space, parameter);
    for (const Value& value : telling_values(parameter.domain)) {
      if (conditions.empty()) add(parameter, value, nullptr);
      for (const Condition& condition : conditions) add(parameter, value, &condition);
    }
  }
  return out;
}

}  // namespace dsnn::execution
