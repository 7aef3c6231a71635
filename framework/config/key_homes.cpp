#include "config/key_homes.h"

#include <algorithm>

#include "config/kind_schema.h"
#include "config/words.h"
#include "dsnn/error.h"

namespace dsnn::config {
namespace {

constexpr size_t kMaxShown = 3;

/// At most three, and how many more there are.
std::string shortened(std::vector<std::string> words, const std::string& last) {
  if (words.size() <= kMaxShown) return joined(words, last);
  const size_t more = words.size() - kMaxShown;
  words.resize(kMaxShown);
  return joined(words, ", ") + " (and " + std::to_string(more) + " more)";
}

std::vector<FieldSpec> readable_fields(const plugin::ComponentInfo& component) {
  try {
    return component_fields(component);
  } catch (const PluginError&) {
    return {};  // said when somebody uses it
  }
}

}  // namespace

KeyHomes::KeyHomes(const plugin::Catalog& catalog, const std::vector<FieldSpec>& sections) : catalog_(catalog) {
  walk(sections, "", "");
}

void KeyHomes::add(const std::string& key, const std::string& path, const std::string& component) {
  std::vector<Home>& homes = homes_[key];
  auto home = std::find_if(homes.begin(), homes.end(), [&](const Home& h) { return h.path == path; });
  if (home == homes.end()) {
    homes.push_back({.path = path, .components = {}});
    if (!component.empty()) homes.back().components.push_back(component);
  } else if (!component.empty() && !home->components.empty()) {
    home->components.push_back(component);
  }
}

void KeyHomes::walk(const std::vector<FieldSpec>& fields, const std::string& path, const std::string& component) {
  for (const FieldSpec& field : fields) {
    if (!path.empty()) add(field.key, path, component);
    const std::string below = path.empty() ? field.key : path + "." + field.key;
    walk(field.fields, below, component);
    const bool holds_components = field.type == FieldType::component || field.item == FieldType::component;
    const auto kind = std::find(kKindNames.begin(), kKindNames.end(), field.kind);
    if (!holds_components || kind == kKindNames.end()) continue;
    if (std::find(kinds_.begin(), kinds_.end(), field.kind) != kinds_.end()) continue;
    kinds_.push_back(field.kind);
    const auto of_kind = static_cast<Kind>(kind - kKindNames.begin());
    walk(kind_fields(of_kind), below, component);
    for (const plugin::ComponentInfo* one : catalog_.of(of_kind)) walk(readable_fields(*one), below, one->name);
    kinds_.pop_back();
  }
}

std::string KeyHomes::of_sections(const std::string& key, const std::string& here) const {
  const auto found = homes_.find(key);
  if (found == homes_.end()) return "";
  std::vector<std::string> paths;
  for (const Home& home : found->second) {
    if (home.components.empty() && home.path != here) paths.push_back(quoted(home.path));
  }
  return paths.empty() ? "" : "it belongs under " + shortened(paths, " or ");
}

std::string KeyHomes::of_components(const std::string& key, const std::string& here) const {
  const auto found = homes_.find(key);
  if (found == homes_.end()) return "";
  std::vector<std::string> places;
  for (const Home& home : found->second) {
    if (home.components.empty()) continue;
    const std::string types = shortened(home.components, " or ");
    if (home.path == here) return "it belongs to the type " + types;
    places.push_back(quoted(home.path) + " of type " + types);
  }
  return places.empty() ? "" : "it belongs under " + shortened(places, ", or ");
}

}  // namespace dsnn::config
