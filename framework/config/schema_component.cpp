// The half of SchemaCheck that resolves a `type:` to a component.
#include <algorithm>

#include "config/did_you_mean.h"
#include "config/kind_schema.h"
#include "config/later.h"
#include "config/schema_check.h"
#include "config/words.h"
#include "plugin/program.h"

namespace dsnn::config {

const plugin::ComponentInfo* SchemaCheck::component_of(Kind kind, const FieldSpec& field, const Node* node,
                                                       const Context& context) {
  if (node != nullptr && node->is_scalar()) return find_component(kind, *node, context);
  const Node* type = node == nullptr ? nullptr : node->find("type");
  if (type != nullptr && !type->is_null()) {
    if (type->is_scalar()) return find_component(kind, *type, context);
    if (type->find("search") != nullptr)
      error(type->place, "'type' is not searchable",
            "search the whole section: " + field.key + ": {search: {choice: [...]}}");
    else
      error(type->place, "'type' must be a text, got " + describe(*type));
    return nullptr;
  }
  if (field.default_value && field.default_value->find("type") != nullptr) {
    return find_component(kind, node_from(field.default_value->at("type")), context);
  }
  if (const plugin::ComponentInfo* usual = catalog_.default_of(kind)) return usual;
  complete_ = false;
  if (node != nullptr && node->find("from") != nullptr && later_key(context.plain + ".from"))
    return nullptr;  // said at its place
  std::vector<std::string> names;
  for (const plugin::ComponentInfo* info : catalog_.of(kind)) names.push_back(info->name);
  const std::string listed = "dsnn-run list " + std::string(name_of(kind)) + " shows all";
  error(context.place, quoted(field.key) + " needs a 'type': no " + std::string(name_of(kind)) + " is the default",
        names.empty()       ? "none was found"
        : names.size() <= 8 ? suggestion("", names)
                            : listed);
  return nullptr;
}

const plugin::ComponentInfo* SchemaCheck::find_component(Kind kind, const Node& type, const Context& context) {
  if (const plugin::ComponentInfo* found = catalog_.find(kind, type.text)) {
    components_.insert(found);
    return found;
  }
  unknown_component(kind, type, context);
  return nullptr;
}

void SchemaCheck::unknown_component(Kind kind, const Node& type, const Context& context) {
  complete_ = false;
  const Place place = type.place.source != nullptr ? type.place : context.place;
  for (const auto& file : catalog_.files()) {
    const auto& all = file->offers;
    const bool here = std::any_of(all.begin(), all.end(),
                                  [&](const auto& offer) { return offer.first == kind && offer.second == type.text; });
    if (!here || file->problem.empty()) continue;
    const std::string message = std::string(name_of(kind)) + " '" + type.text + "' cannot be used: " + file->problem;
    diagnostics_.add(ConfigError({diagnostic_at(place, message)}, file->exit_code));
    return;
  }
  if (const auto later = later_component(kind, type.text)) return error(place, *later);
  std::vector<std::string> names, folders;
  for (const plugin::ComponentInfo* info : catalog_.of(kind)) names.push_back(info->name);
  for (const auto& folder : catalog_.folders()) {
    std::error_code failure;
    if (std::filesystem::exists(folder, failure)) folders.push_back(plugin::shown(folder));
  }
  std::string message = "no " + std::string(name_of(kind)) + " '" + type.text.substr(0, 60) + "'";
  if (const auto nearest = did_you_mean(type.text, names)) message += "; did you mean '" + *nearest + "'?";
  error(place, message + " (searched: " + (folders.empty() ? "no folder" : joined(folders, ", ")) + ", " +
                   std::to_string(names.size()) + " found)");
}

const std::vector<FieldSpec>& SchemaCheck::fields_of_component(const plugin::ComponentInfo& component,
                                                               bool as_override) {
  const auto [found, is_new] = fields_.try_emplace({&component, as_override});
  if (is_new) found->second = as_override ? override_fields(component) : component_fields(component);
  return found->second;
}

Value SchemaCheck::component(const FieldSpec& field, const Node& node, const Context& context) {
  if (node.is_list() && context.plain == "operator") {
    error(node.place, "a list of operators comes with the ShiftAddNet build; this build applies one");
    return {};
  }
  if (!node.is_map() && !node.is_scalar())
    return wrong(field, node, context, "a section with a 'type', or the name of one");
  const auto kind_name = std::find(kKindNames.begin(), kKindNames.end(), field.kind);
  if (kind_name == kKindNames.end())
    throw PluginError("a schema names the unknown kind '" + field.kind + "' for its key '" + field.key + "'");
  const Kind kind = static_cast<Kind>(kind_name - kKindNames.begin());
  const plugin::ComponentInfo* info = component_of(kind, field, &node, context);
  if (info == nullptr) {
    for (const Entry& entry : node.entries) {  // keys of later builds are refused whatever the type is
      if (const auto later = later_key(context.plain + "." + entry.key)) error(entry.place, *later);
    }
    return {};
  }
  components_.insert(info);
  Context at = context;
  at.owner = field.kind + " '" + info->name + "'";
  at.schema = schema_name(kind, info->name);
  const Node* type = node.find("type");
  places_[child(at, "type").id] = type != nullptr ? type->place : node.place;
  Value out = Value::map();
  out.set("type", Value(info->name));
  const Value rest = section(fields_of_component(*info, context.plain.ends_with(".overrides")),
                             node.is_map() ? &node : nullptr, at, {"type"});
  for (const auto& [key, member] : rest.members()) out.set(key, member);
  return out;
}

}  // namespace dsnn::config
