#include "config/schema_check.h"

#include <algorithm>

#include "config/did_you_mean.h"
#include "config/kind_schema.h"
#include "config/later.h"
#include "config/merge.h"
#include "config/scalar.h"
#include "config/words.h"
#include "config/writing_hints.h"
#include "dsnn/text.h"

namespace dsnn::config {
namespace {

std::string last_key(const Context& context) {
  const size_t dot = context.plain.rfind('.');
  return dot == std::string::npos ? context.plain : context.plain.substr(dot + 1);
}

std::string schema_suffix(const Context& context) {
  return context.schema.empty() ? std::string() : "   (schema: " + context.schema + ")";
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Context child(const Context& context, const std::string& key) {
  Context out = context;
  out.id = context.id.empty() ? key : context.id + "." + key;
  out.plain = context.plain.empty() ? key : context.plain + "." + key;
  out.item = 0;
  return out;
}

SchemaCheck::SchemaCheck(const plugin::Catalog& catalog, Diagnostics& diagnostics, const Node* declared_parameters)
    : catalog_(catalog), diagnostics_(diagnostics), declared_(declared_parameters) {}

void SchemaCheck::error(const Place& place, const std::string& message, const std::string& hint) {
  diagnostics_.add(diagnostic_at(place, message, hint));
}

void SchemaCheck::note(Severity severity, const Place& place, const std::string& message, const std::string& hint) {
  notes_.push_back(diagnostic_at(place, message, hint));
  notes_.back().severity = severity;
}

void SchemaCheck::remember(const FieldSpec& field, const Node& node, const Context& context) {
  if (!field.names.empty() && node.place.source != nullptr)
    named_.push_back({.names = field.names, .id = context.id, .node = node});
}

void SchemaCheck::remember_choice(const FieldSpec& field, const std::string& text, const Place& place,
                                  const Context& context) {
  if (!field.ends_with_budget.empty() && text == field.ends_with_budget)
    budget_ends_.push_back({.owner = context.owner, .setting = field.key + ": " + text, .place = place});
}

/// Tells what was named in a section which metric its other keys speak of.
void SchemaCheck::join_metric(const std::vector<FieldSpec>& fields, const Value& section, const Context& context,
                              size_t from) {
  const auto metric = std::find_if(fields.begin(), fields.end(), [](const FieldSpec& f) {
    return f.names == "metric" || f.names == "validation_metric";
  });
  const Value* text = metric == fields.end() ? nullptr : section.find(metric->key);
  if (text == nullptr || !text->is_string()) return;
  for (; from < named_.size(); ++from) {
    Named& named = named_[from];
    const size_t dot = named.id.rfind('.');
    if (dot != std::string::npos && named.id.compare(0, dot, context.id) == 0) named.metric = text->string();
  }
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

Context SchemaCheck::shared(const Context& section, int scope) const {
  if (scope < 0) return section;
  const Context& owner = scopes_[static_cast<size_t>(scope)];
  Context out = section;
  out.id = owner.id + section.plain.substr(owner.plain.size());
  return out;
}

Context SchemaCheck::context_of(const Entry& entry, const Context& section) const {
  Context out = child(shared(section, entry.scope), entry.key);
  if (entry.value.place.source != nullptr) out.place = entry.value.place;
  return out;
}

Value SchemaCheck::section(const std::vector<FieldSpec>& fields, const Node* map, const Context& context,
                           const std::set<std::string, std::less<>>& ignored) {
  Value out = Value::map();
  const size_t first_named = named_.size();
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
  join_metric(fields, out, context, first_named);
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
    if (fallback.is_string()) remember_choice(field, fallback.string(), context.place, context);
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
  const std::string what =
      context.item == 0 ? quoted(field.key) : "item " + std::to_string(context.item) + " of " + quoted(field.key);
  error(place, what + " must be " + expected + ", got " + describe(node) + schema_suffix(context), hint);
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
      if (node.is_scalar() && contains(field.choices, text)) {
        remember(field, node, context);
        remember_choice(field, text, node.place.source != nullptr ? node.place : context.place, context);
        return Value(text);
      }
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
  remember(field, node, context);
  return field.names == "folder" || field.names == "file" ? path(field, node, context) : Value(text);
}

/// A path as an absolute one; it is relative to the file that holds it.
Value SchemaCheck::path(const FieldSpec& field, const Node& node, const Context& context) {
  std::filesystem::path path = node.text;
  const bool relative = path.is_relative();
  if (relative && node.place.source != nullptr)
    path = std::filesystem::absolute(node.place.source->folder / path).lexically_normal();
  std::error_code failure;
  const bool folder = field.names == "folder";
  const bool found = folder ? std::filesystem::is_directory(path, failure) : std::filesystem::exists(path, failure);
  if (!found) {
    return wrong(field, node, context, "a " + field.names + " that exists",
                 relative ? "relative to this file it is " + path.string() : "");
  }
  return Value(path.string());
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
  const FieldSpec item = item_of(field);
  Value out = Value::list();
  for (size_t i = 0; i < node.items.size(); ++i) {
    Context at = context;
    at.id += "[" + std::to_string(i) + "]";
    at.item = i + 1;
    const Node& element = node.items[i];
    if (element.place.source != nullptr) at.place = element.place;
    places_[at.id] = element.place;
    if (element.is_null()) {
      error(node.place, quoted(field.key) + " has an empty item, number " + std::to_string(i + 1),
            "remove it, or write its value");
      continue;
    }
    out.push_back(value(item, element, at));
    const Value* before = out.size() > 1 ? &out.items()[out.size() - 2] : nullptr;
    if (field.ascending && before != nullptr && before->is_number() && out.items().back().is_number() &&
        out.items().back().number() < before->number()) {
      error(element.place, "the items of " + quoted(field.key) + " must be in ascending order: " + describe(element) +
                               " comes after " + to_text(*before) + schema_suffix(context));
    }
  }
  return out;
}

Value SchemaCheck::map(const FieldSpec& field, const Node& node, const Context& context) {
  if (!node.is_map()) return wrong(field, node, context, "a map", map_hint(field, node, context.item > 0));
  if (field.open) {
    remember(field, node, context);
    return guess(node);
  }
  Context at = context;
  if (at.owner.empty() || field.key == last_key(context)) at.owner = quoted(field.key);
  return section(field.fields, &node, at);
}

/// What to write instead of a key that is none of `fields`.
std::string SchemaCheck::place_hint(const Entry& entry, const std::vector<FieldSpec>& fields, const Context& context) {
  if (const std::string dotted = dotted_hint(entry, context.plain); !dotted.empty()) return dotted;
  if (!homes_) homes_.emplace(catalog_, sections_);
  if (const std::string home = homes_->of_sections(entry.key, context.plain); !home.empty()) return home;
  const auto nearest = did_you_mean(entry.key, keys_of(fields));
  const std::string home = homes_->of_components(entry.key, context.plain);
  if (nearest) return "did you mean '" + *nearest + "'?" + (home.empty() ? "" : " Else " + home);
  if (!home.empty()) return home;
  if (entry.key == "type") return "this section has no type";
  return suggestion(entry.key, keys_of(fields));
}

void SchemaCheck::unknown_key(const Entry& entry, const std::vector<FieldSpec>& fields, const Context& context) {
  const std::string plain = context.plain.empty() ? entry.key : context.plain + "." + entry.key;
  if (const auto later = later_key(plain)) return error(entry.place, *later);
  const std::string owner = context.owner.empty() ? "" : " in " + context.owner;
  error(entry.place, "unknown key " + quoted(std::string(clipped(entry.key, 60))) + owner,
        place_hint(entry, fields, context));
}

}  // namespace dsnn::config
