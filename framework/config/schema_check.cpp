#include "config/schema_check.h"

#include <algorithm>

#include "config/did_you_mean.h"
#include "config/kind_schema.h"
#include "config/later.h"
#include "config/merge.h"
#include "config/scalar.h"
#include "plugin/program.h"

namespace dsnn::config {
namespace {

/// Schema keys whose text is a path, relative to the file that holds it.
bool is_path_key(const Context& context) { return context.plain == "dataset.root"; }

std::string quoted(const std::string& key) { return "'" + key + "'"; }

std::string last_key(const Context& context) {
  const size_t dot = context.plain.rfind('.');
  return dot == std::string::npos ? context.plain : context.plain.substr(dot + 1);
}

std::string schema_suffix(const Context& context) {
  return context.schema.empty() ? std::string() : "   (schema: " + context.schema + ")";
}

std::string joined(const std::vector<std::string>& words, const std::string& last) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? last : ", ";
    out += words[i];
  }
  return out;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Context child(const Context& context, const std::string& key) {
  Context out = context;
  out.id = context.id.empty() ? key : context.id + "." + key;
  out.plain = context.plain.empty() ? key : context.plain + "." + key;
  return out;
}

SchemaCheck::SchemaCheck(const plugin::Catalog& catalog, Diagnostics& diagnostics, const Node* declared_parameters)
    : catalog_(catalog), diagnostics_(diagnostics), declared_(declared_parameters) {}

void SchemaCheck::error(const Place& place, const std::string& message, const std::string& hint) {
  diagnostics_.add(diagnostic_at(place, message, hint));
}

Place SchemaCheck::place_of(std::string path) const {
  while (true) {
    const auto found = places_.find(path);
    if (found != places_.end() && found->second.source != nullptr) return found->second;
    const size_t cut = path.find_last_of(".[");
    if (cut == std::string::npos) return {};
    path.resize(cut);
  }
}

void SchemaCheck::offer_section(const std::string& name, const std::vector<FieldSpec>& fields) {
  offers_.emplace_back(name, keys_of(fields));
}

Context SchemaCheck::context_of(const Entry& entry, const Context& section) const {
  Context out = child(section, entry.key);
  if (entry.scope >= 0) {
    const Context& scope = scopes_[static_cast<size_t>(entry.scope)];
    out.id = scope.id + "." + entry.key;
    out.uses = scope.uses;
  }
  if (entry.value.place.source != nullptr) out.place = entry.value.place;
  return out;
}

Value SchemaCheck::section(const std::vector<FieldSpec>& fields, const Node* map, const Context& context,
                           const std::set<std::string, std::less<>>& ignored) {
  Value out = Value::map();
  bool later = false;
  if (map != nullptr) {
    for (const Entry& entry : map->entries) {
      if (ignored.contains(entry.key) || find_field(fields, entry.key) != nullptr) continue;
      unknown_key(entry, fields, context);
      later = later || later_key(child(context, entry.key).plain).has_value();
    }
  }
  const auto gate = std::find_if(fields.begin(), fields.end(), [](const FieldSpec& f) { return f.off.has_value(); });
  Value gate_value;
  Context behind = context;
  if (gate != fields.end()) {
    gate_value = key_value(*gate, map, context);
    behind.uses = uses_behind(*gate, gate_value, context);
  }
  for (const FieldSpec& field : fields) {
    const bool absent = map == nullptr || map->entry(field.key) == nullptr;
    if (absent && field.required && later) continue;  // a key of a later build may stand for it
    const bool stands_for_itself = field.type == FieldType::component || field.item == FieldType::component;
    out.set(field.key, gate != fields.end() && &field == &*gate
                           ? gate_value
                           : key_value(field, map, stands_for_itself ? context : behind));
  }
  return out;
}

/// One key of a section: as written, or its default.
Value SchemaCheck::key_value(const FieldSpec& field, const Node* map, const Context& section) {
  const Entry* entry = map == nullptr ? nullptr : map->entry(field.key);
  if (entry == nullptr) return missing(field, child(section, field.key));
  Context at = context_of(*entry, section);
  if (entry->value.is_null()) {
    at.place = entry->place;
    return missing(field, at);
  }
  places_[at.id] = entry->value.place;
  return value(field, entry->value, at);
}

Value SchemaCheck::missing(const FieldSpec& field, const Context& context) {
  places_[context.id] = Place{};
  if (field.required) {
    const std::string owner = context.owner.empty() ? "this file" : context.owner;
    error(context.place, owner + " needs the key " + quoted(field.key) + schema_suffix(context),
          field.doc.empty() ? "" : quoted(field.key) + ": " + field.doc);
    return {};
  }
  if (field.type == FieldType::component) {
    if (field.nullable && !field.default_value) return {};
    return component(field, field.default_value ? node_from(*field.default_value) : empty_map(), context);
  }
  if (field.default_value) {
    const Value& fallback = *field.default_value;
    if (fallback.is_null()) return {};
    if (fallback.is_list() || fallback.is_map() || field.type == FieldType::duration || field.type == FieldType::size) {
      return typed(field, node_from(fallback), context);
    }
    if (field.type == FieldType::number && fallback.is_int()) return Value(fallback.number());
    return fallback;
  }
  if (field.type == FieldType::map && !field.nullable) {
    return field.open ? Value::map() : map(field, empty_map(), context);
  }
  if (field.type == FieldType::list && !field.nullable) return Value::list();
  return {};
}

Value SchemaCheck::value(const FieldSpec& field, const Node& node, const Context& context) {
  if (node.find("search") != nullptr) return domain(field, node, context);
  return typed(field, node, context);
}

Value SchemaCheck::typed(const FieldSpec& field, const Node& node, const Context& context) {
  switch (field.type) {
    case FieldType::list:
      return list(field, node, context);
    case FieldType::map:
      return map(field, node, context);
    case FieldType::component:
      return component(field, node, context);
    case FieldType::any:
      return guess(node);
    default:
      return scalar(field, node, context);
  }
}

Value SchemaCheck::wrong(const FieldSpec& field, const Node& node, const Context& context, const std::string& expected,
                         const std::string& hint) {
  const Place place = node.place.source != nullptr ? node.place : context.place;
  error(place, quoted(field.key) + " must be " + expected + ", got " + describe(node) + schema_suffix(context), hint);
  return {};
}

Value SchemaCheck::scalar(const FieldSpec& field, const Node& node, const Context& context) {
  const std::string words = field.words.empty() ? "" : " or " + joined(field.words, " or ");
  if (node.is_scalar() && contains(field.words, node.text)) return Value(node.text);
  const std::string text = node.is_scalar() ? node.text : std::string();
  const bool plain = node.is_scalar() && !node.quoted;
  switch (field.type) {
    case FieldType::boolean: {
      const auto flag = plain ? read_boolean(text) : std::nullopt;
      return flag ? Value(*flag) : wrong(field, node, context, "true or false");
    }
    case FieldType::integer: {
      const auto integer = plain ? read_integer(text) : std::nullopt;
      if (!integer)
        return wrong(field, node, context, "a whole number" + words,
                     text.starts_with("0") && text.size() > 1 ? "write it without leading zeros" : "");
      if (!in_range(field, static_cast<double>(*integer)))
        return wrong(field, node, context, range_text(field) + words);
      return Value(*integer);
    }
    case FieldType::number: {
      const auto number = plain ? read_number(text) : std::nullopt;
      if (!number) return wrong(field, node, context, "a number" + words);
      if (!in_range(field, *number)) return wrong(field, node, context, range_text(field) + words);
      return Value(*number);
    }
    case FieldType::choice: {
      if (node.is_scalar() && contains(field.choices, text)) return Value(text);
      if (const auto later = later_key(context.plain + "." + text)) {
        error(node.place, *later);
        return {};
      }
      const auto nearest = did_you_mean(text, field.choices);
      return wrong(field, node, context, (field.choices.size() == 1 ? "" : "one of ") + joined(field.choices, ", "),
                   nearest ? "did you mean '" + *nearest + "'?" : "");
    }
    case FieldType::duration: {
      const auto seconds = node.is_scalar() ? read_duration(text) : std::nullopt;
      if (!seconds || *seconds <= 0)
        return wrong(field, node, context, "a duration with its unit", "as 90s, 8min, 2h, 1h30min");
      return Value(*seconds);
    }
    case FieldType::size: {
      const auto bytes = node.is_scalar() ? read_size(text) : std::nullopt;
      if (!bytes || *bytes <= 0) return wrong(field, node, context, "a size with its unit", "as 512MiB or 4GiB");
      return Value(*bytes);
    }
    default:
      break;
  }
  if (!node.is_scalar()) return wrong(field, node, context, "a text");
  if (is_path_key(context) && node.place.source != nullptr) {
    const std::filesystem::path path = std::filesystem::path(text);
    if (path.is_relative())
      return Value(std::filesystem::absolute(node.place.source->folder / path).lexically_normal().string());
  }
  return Value(text);
}

Value SchemaCheck::list(const FieldSpec& field, const Node& node, const Context& context) {
  if (!node.is_list())
    return wrong(field, node, context, "a list", node.is_scalar() ? "write [" + node.text.substr(0, 40) + "]" : "");
  const double size = static_cast<double>(node.items.size());
  if ((field.min && size < *field.min) || (field.max && size > *field.max)) {
    FieldSpec count = field;
    error(node.place, quoted(field.key) + " has " + std::to_string(node.items.size()) +
                          " items; their number must be " + range_text(count) + schema_suffix(context));
    return {};
  }
  FieldSpec item;
  item.key = field.key;
  item.type = field.item;
  item.kind = field.kind;
  item.fields = field.fields;
  item.searchable = field.searchable;
  item.open = field.item == FieldType::map && field.fields.empty();
  Value out = Value::list();
  for (size_t i = 0; i < node.items.size(); ++i) {
    Context at = context;
    at.id += "[" + std::to_string(i) + "]";
    const Node& element = node.items[i];
    if (element.place.source != nullptr) at.place = element.place;
    places_[at.id] = element.place;
    if (element.is_null()) {
      error(node.place, quoted(field.key) + " has an empty item, number " + std::to_string(i + 1),
            "remove it, or write its value");
      continue;
    }
    out.push_back(value(item, element, at));
  }
  return out;
}

Value SchemaCheck::map(const FieldSpec& field, const Node& node, const Context& context) {
  if (!node.is_map()) return wrong(field, node, context, "a map");
  if (field.open) return guess(node);
  Context at = context;
  if (at.owner.empty() || field.key == last_key(context)) at.owner = quoted(field.key);
  return section(field.fields, &node, at);
}

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

void SchemaCheck::unknown_key(const Entry& entry, const std::vector<FieldSpec>& fields, const Context& context) {
  const std::string plain = context.plain.empty() ? entry.key : context.plain + "." + entry.key;
  if (const auto later = later_key(plain)) return error(entry.place, *later);
  const std::string owner = context.owner.empty() ? "" : " in " + context.owner;
  std::vector<std::string> homes;
  for (const auto& [name, keys] : offers_) {
    if (name != context.plain && contains(keys, entry.key)) homes.push_back(quoted(name));
  }
  std::string hint;
  const auto nearest = did_you_mean(entry.key, keys_of(fields));
  if (!homes.empty())
    hint = "it belongs under " + joined(homes, " or ");
  else if (nearest)
    hint = "did you mean '" + *nearest + "'?";
  else if (entry.key == "type")
    hint = "this section has no type";
  else
    hint = suggestion(entry.key, keys_of(fields));
  error(entry.place, "unknown key " + quoted(entry.key.substr(0, 60)) + owner, hint);
}

}  // namespace dsnn::config
