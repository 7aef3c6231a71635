#include "config/json_schema.h"

#include <map>
#include <string>
#include <vector>

#include "config/framework_schema.h"
#include "config/kind_schema.h"

namespace dsnn::config {
namespace {

Value object(Value::Map members) { return Value(std::move(members)); }
Value list(Value::List items) { return Value(std::move(items)); }
Value typed(std::string_view type) { return object({{"type", type}}); }
Value reference(const std::string& name) { return object({{"$ref", "#/definitions/" + name}}); }
Value any_of(Value::List alternatives) { return object({{"anyOf", Value(std::move(alternatives))}}); }
Value words_schema(const std::vector<std::string>& words) {
  return object({{"enum", Value(Value::List(words.begin(), words.end()))}});
}

/// Where a value may be a domain (rule 3): inside the sections an evaluator adds and the components in them.
enum class Search { allowed, refused };

Value properties_of(const std::vector<FieldSpec>& fields, Search search);

Value object_schema(const std::vector<FieldSpec>& fields, bool open, Search search) {
  return object({{"type", "object"}, {"properties", properties_of(fields, search)}, {"additionalProperties", open}});
}

Value number_schema(const FieldSpec& field, std::string_view type) {
  Value out = typed(type);
  const auto bound = [&](const char* key, const std::optional<double>& value) {
    if (!value) return;
    out.set(key, field.type == FieldType::integer ? Value(static_cast<int64_t>(*value)) : Value(*value));
  };
  bound("minimum", field.min);
  bound("exclusiveMinimum", field.min_exclusive);
  bound("maximum", field.max);
  bound("exclusiveMaximum", field.max_exclusive);
  return out;
}

Value list_schema(const FieldSpec& field, Search search) {
  Value out = typed("array");
  if (field.item == FieldType::map) {
    out.set("items", object_schema(field.fields, false, search));
  } else if (field.item == FieldType::component) {
    out.set("items", reference("component." + field.kind));
  } else if (field.item != FieldType::any) {
    FieldSpec holder;
    holder.fields = {item_of(field)};
    holder.fields[0].key = "item";
    out.set("items", properties_of(holder.fields, search).at("item"));
  }
  if (field.min) out.set("minItems", static_cast<int64_t>(*field.min));
  if (field.max) out.set("maxItems", static_cast<int64_t>(*field.max));
  return out;
}

Value base_schema(const FieldSpec& field, Search search) {
  switch (field.type) {
    case FieldType::boolean:
      return typed("boolean");
    case FieldType::integer:
      return number_schema(field, "integer");
    case FieldType::number:
      return number_schema(field, "number");
    case FieldType::string:
      return typed("string");
    case FieldType::choice:
      return words_schema(field.choices);
    case FieldType::list:
      return list_schema(field, search);
    case FieldType::map:
      return object_schema(field.fields, field.open, search);
    case FieldType::component:
      return reference("component." + field.kind);
    case FieldType::duration:
      return object({{"type", "string"}, {"examples", list({"90s", "8min", "2h"})}});
    case FieldType::size:
      return object({{"type", "string"}, {"examples", list({"512MiB", "4GiB"})}});
    case FieldType::any:
      break;
  }
  return Value::map();
}

/// Every key may be null: in a file with `extends` that removes the parent's key (rule 1).
Value field_schema(const FieldSpec& field, Search search) {
  Value::List alternatives = {base_schema(field, search)};
  if (!field.words.empty()) alternatives.push_back(words_schema(field.words));
  if (search == Search::allowed && field.searchable && field.type != FieldType::component)
    alternatives.push_back(reference("domain"));
  alternatives.push_back(typed("null"));
  Value out = any_of(std::move(alternatives));
  std::string text = field.doc;
  if (!field.unit.empty()) text += " [" + field.unit + "]";
  if (field.required) text += " (required)";
  if (!text.empty()) out.set("description", text);
  if (field.default_value) out.set("default", *field.default_value);
  return out;
}

Value properties_of(const std::vector<FieldSpec>& fields, Search search) {
  Value out = Value::map();
  for (const FieldSpec& field : fields) out.set(field.key, field_schema(field, search));
  return out;
}

/// Sections that hold no domain, whatever their component says (rule 3).
Search search_in(Kind kind) {
  switch (kind) {
    case Kind::fidelity_scheduler:
    case Kind::acquisition:
    case Kind::surrogate:
    case Kind::meter:
    case Kind::cost_model:
      return Search::refused;
    default:
      return Search::allowed;
  }
}

Value component_schema(const plugin::ComponentInfo& component) {
  Value properties = Value::map();
  properties.set("type", object({{"const", component.name}, {"description", component.summary}}));
  properties.set("label", object({{"type", "string"},
                                  {"description", "Name of this alternative in a choice; default: its type"}}));
  const Value own = properties_of(component_fields(component), search_in(component.kind));
  for (const auto& [key, schema] : own.members()) properties.set(key, schema);
  return object({{"title", component.name},
                 {"description", component.summary},
                 {"type", "object"},
                 {"properties", std::move(properties)},
                 {"additionalProperties", false}});
}

/// A section of its own type: its name alone (rule 2), the section, or a choice between sections (rule 3).
Value kind_schema_of(const plugin::Catalog& catalog, Kind kind) {
  std::vector<std::string> names;
  Value::List alternatives;
  for (const auto* component : catalog.of(kind)) {
    names.push_back(component->name);
    alternatives.push_back(component_schema(*component));
  }
  if (names.empty()) return Value::map();
  alternatives.insert(alternatives.begin(), words_schema(names));
  if (search_in(kind) == Search::allowed) alternatives.push_back(reference("choice"));
  return any_of(std::move(alternatives));
}

Value domain_body() {
  const Value pair = object({{"type", "array"}, {"items", typed("number")}, {"minItems", 2}, {"maxItems", 2}});
  const auto with = [](Value schema, const char* text) {
    schema.set("description", text);
    return schema;
  };
  Value properties =
      object({{"int", with(pair, "Lowest and highest integer, both included")},
              {"float", with(pair, "Lowest and highest number, both included")},
              {"choice", with(object({{"type", "array"}, {"minItems", 1}}), "Values, names or sections")},
              {"log", with(typed("boolean"), "Uniform in the logarithm")},
              {"step", with(typed("number"), "Distance between values")},
              {"ordered", with(typed("boolean"), "Neighbours of a choice are similar")},
              {"default", with(Value::map(), "Value of the default configuration")}});
  return object({{"type", "object"},
                 {"properties", std::move(properties)},
                 {"additionalProperties", false},
                 {"oneOf", list({object({{"required", list({"int"})}}), object({{"required", list({"float"})}}),
                                 object({{"required", list({"choice"})}})})}});
}

Value search_schema(bool open, const char* text) {
  const Value body =
      any_of({object({{"type", "string"}, {"description", "Name of a shared parameter"}}), reference("domain_body")});
  return object({{"type", "object"},
                 {"description", text},
                 {"properties", object({{"search", body}})},
                 {"required", list({"search"})},
                 {"additionalProperties", open}});
}

Value definitions_of(const plugin::Catalog& catalog) {
  Value out = Value::map();
  out.set("domain_body", domain_body());
  out.set("domain", search_schema(false, "A search domain in place of the value"));
  out.set("choice", search_schema(true, "A choice between sections; keys beside `search` are common to all"));
  for (size_t i = 0; i < kKindNames.size(); ++i) {
    out.set("component." + std::string(kKindNames[i]), kind_schema_of(catalog, static_cast<Kind>(i)));
  }
  return out;
}

/// The keys that are no sections; three of them say more than their field does.
Value key_properties() {
  Value out = properties_of(framework_keys(), Search::refused);
  Value name = object({{"type", "string"}, {"pattern", "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$"}});
  Value seed = any_of({typed("integer"), object({{"type", "array"}, {"items", typed("integer")}, {"minItems", 1}})});
  Value parameters = object({{"type", "object"}, {"additionalProperties", reference("domain_body")}});
  const auto replace = [&](const char* key, Value schema) {
    if (const Value* doc = out.at(key).find("description"); doc != nullptr) schema.set("description", *doc);
    out.set(key, std::move(schema));
  };
  replace("name", std::move(name));
  replace("seed", std::move(seed));
  replace("parameters", std::move(parameters));
  return out;
}

/// Sections of all evaluators found; a section that two of them define may be either.
void add_evaluator_sections(const plugin::Catalog& catalog, Value& properties) {
  std::map<std::string, Value::List> sections;
  std::vector<std::string> order;
  for (const auto* evaluator : catalog.of(Kind::evaluator)) {
    if (!evaluator->sections.is_list()) continue;
    for (const FieldSpec& field : fields_from_json(evaluator->sections)) {
      if (sections[field.key].empty()) order.push_back(field.key);
      sections[field.key].push_back(field_schema(field, Search::allowed));
    }
  }
  for (const std::string& key : order) {
    Value::List& found = sections[key];
    properties.set(key, found.size() == 1 ? found.front() : any_of(std::move(found)));
  }
}

}  // namespace

Value json_schema(const plugin::Catalog& catalog) {
  Value properties = key_properties();
  add_evaluator_sections(catalog, properties);
  const Value framework = properties_of(framework_sections(), Search::refused);
  for (const auto& [key, schema] : framework.members()) properties.set(key, schema);
  return object({{"$schema", "http://json-schema.org/draft-07/schema#"},
                 {"title", "Experiment of dsnn-run, language dsnn/1"},
                 {"description", "Generated by `dsnn-run schema`; do not edit."},
                 {"type", "object"},
                 {"required", list({"schema"})},
                 {"properties", std::move(properties)},
                 {"additionalProperties", false},
                 {"definitions", definitions_of(catalog)}});
}

}  // namespace dsnn::config
