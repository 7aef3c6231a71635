#include "config/spec.h"

#include <algorithm>
#include <set>

#include "config/yaml_writer.h"
#include "dsnn/error.h"
#include "store/file.h"

namespace dsnn::config {
namespace {

/// What the configuration says of a parameter, else its default.
const Value& taken_value(const std::string& id, const Configuration& configuration, const SearchSpace& space) {
  if (const Value* taken = configuration.find(id)) return *taken;
  const int index = space.index_of(id);
  DSNN_ASSERT(index >= 0);
  return space.parameters()[static_cast<size_t>(index)].default_value;
}

Value resolve_node(const Value& node, const Configuration& configuration, const SearchSpace& space) {
  if (node.is_list()) {
    Value out = Value::list();
    for (const Value& item : node.items()) out.push_back(resolve_node(item, configuration, space));
    return out;
  }
  if (!node.is_map()) return node;
  const Value* id = node.find("$parameter");
  const Value* choice = node.find("$choice");
  if (id == nullptr && choice == nullptr) {
    Value::Map out;
    for (const auto& [key, value] : node.members()) out.emplace_back(key, resolve_node(value, configuration, space));
    return Value(std::move(out));
  }
  const Value& taken = taken_value((id != nullptr ? id : choice)->string(), configuration, space);
  if (id != nullptr) return taken;
  return resolve_node(node.at("cases").at(taken.string()), configuration, space);
}

/// Finds the places of a chosen section, which stand under its label, at the path it has once it is chosen.
void follow_choices(const Value& node, const std::string& path, const Configuration& configuration,
                    const ExperimentSpec& spec, Origins& out) {
  if (node.is_list()) {
    for (size_t i = 0; i < node.size(); ++i)
      follow_choices(node.items()[i], path + "[" + std::to_string(i) + "]", configuration, spec, out);
  }
  if (!node.is_map()) return;
  const Value* choice = node.find("$choice");
  if (choice == nullptr) {
    for (const auto& [key, value] : node.members())
      follow_choices(value, path.empty() ? key : path + "." + key, configuration, spec, out);
    return;
  }
  const std::string& label = taken_value(choice->string(), configuration, spec.space).string();
  const std::string below = choice->string() + "." + label;
  for (auto at = spec.origins.lower_bound(below); at != spec.origins.end() && at->first.starts_with(below); ++at) {
    const std::string rest = at->first.substr(below.size());
    const bool inside = rest.empty() || rest.front() == '.' || rest.front() == '[';
    if (inside && (at->second.line > 0 || !out.contains(path + rest))) out[path + rest] = at->second;
  }
  follow_choices(node.at("cases").at(label), path, configuration, spec, out);
}

/// What rule 20 keeps: the resolved spec without what may change between two runs of one study.
Value digested(const ExperimentSpec& spec) {
  Value out = spec.tree;
  for (const char* key : {"limits", "report", "expect", "store"}) out.erase(key);
  if (Value* meters = out.find("meters")) {
    for (const char* key : {"country", "year", "pue", "intensity_g_per_kwh"}) meters->erase(key);
  }
  if (Value* execution = out.find("execution")) {
    for (const char* key : {"workers", "device", "recycle", "isolation"}) execution->erase(key);
  }
  // Where the files of a data set lie does not change what they hold.
  if (Value* dataset = out.find("dataset")) dataset->erase("root");
  out.set("cell", Value(spec.cell));
  out.set("search_space", spec.space.to_json());
  return out;
}

void collect_differences(const Value& a, const Value& b, const std::string& path, std::vector<std::string>& out) {
  if (a == b) return;
  if (!a.is_map() || !b.is_map()) {
    out.push_back(path);
    return;
  }
  std::set<std::string> keys;
  for (const Value* side : {&a, &b}) {
    for (const auto& [key, value] : side->members()) keys.insert(key);
  }
  for (const std::string& key : keys) {
    const std::string below = path.empty() ? key : path + "." + key;
    const Value* left = a.find(key);
    const Value* right = b.find(key);
    if (left == nullptr || right == nullptr)
      out.push_back(below);
    else
      collect_differences(*left, *right, below, out);
  }
}

/// The search space as a map from id to parameter, so that a difference names the id.
Value by_id(const Value& space) {
  const Value* list = space.is_list() ? &space : space.find("parameters");
  if (list == nullptr || !list->is_list()) return space;
  Value out = Value::map();
  for (const Value& parameter : list->items()) {
    const Value* id = parameter.find("id");
    if (id == nullptr || !id->is_string()) return space;
    Value named = parameter;
    if (Value* when = named.find("active_when")) {  // another parent's number is no difference of this parameter
      Value conditions = Value::list();
      for (const Value& c : when->items()) {
        Value::List condition = c.items();
        condition[0] = list->items()[static_cast<size_t>(condition[0].integer())].at("id");
        conditions.push_back(Value(std::move(condition)));
      }
      *when = std::move(conditions);
    }
    out.set(id->string(), Value(to_canonical_json(named)));
  }
  return out;
}

}  // namespace

std::filesystem::path ExperimentSpec::folder() const {
  std::filesystem::path out = name;
  if (!cell.empty()) out /= cell;
  if (seed_in_path) out /= "seed-" + std::to_string(seed);
  return out;
}

Value ExperimentSpec::resolve(const Configuration& configuration) const {
  return resolve_node(tree, configuration, space);
}

Origins ExperimentSpec::origins_of(const Configuration& configuration) const {
  Origins out = origins;
  follow_choices(tree, "", configuration, *this, out);
  return out;
}

Budget ExperimentSpec::full_budget() const {
  Budget out;
  if (fidelity) out.value = fidelity->max;
  return out;
}

std::string ExperimentSpec::digest() const { return store::sha256_hex(to_canonical_json(digested(*this))); }

std::vector<std::string> ExperimentSpec::differing_keys(const ExperimentSpec& other) const {
  Value mine = digested(*this), theirs = digested(other);
  for (Value* side : {&mine, &theirs}) side->set("search_space", by_id(side->at("search_space")));
  std::vector<std::string> out;
  collect_differences(mine, theirs, "", out);
  for (std::string& key : out) {
    if (key.starts_with("search_space.")) key = "domain of " + key.substr(13);
  }
  return out;
}

std::string ExperimentSpec::to_yaml(bool with_origins) const { return write_yaml(*this, with_origins); }

}  // namespace dsnn::config
