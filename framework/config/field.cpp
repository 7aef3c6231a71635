#include "config/field.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "dsnn/manifest_text.h"
#include "plugin/members.h"

namespace dsnn::config {
namespace {

using plugin::flag_at;
using plugin::text_at;

FieldType type_from(const std::string& name) {
  const std::optional<FieldType> found = plugin::field_type_from(name);
  if (!found) throw std::invalid_argument("a schema names the unknown type '" + name + "'");
  return *found;
}

std::optional<double> bound_at(const Value& json, std::string_view key) {
  const Value* found = json.find(key);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->number();
}

std::vector<std::string> words_at(const Value& json, std::string_view key) {
  std::vector<std::string> out;
  const Value* found = json.find(key);
  if (found == nullptr || !found->is_list()) return out;
  for (const Value& item : found->items()) {
    if (item.is_string()) out.push_back(item.string());
  }
  return out;
}

FieldSpec field_from_json(const Value& json) {
  if (!json.is_map()) throw std::invalid_argument("a schema's field is no map");
  FieldSpec out;
  out.key = text_at(json, "key");
  if (out.key.empty()) throw std::invalid_argument("a schema's field has no key");
  out.doc = text_at(json, "doc");
  out.unit = text_at(json, "unit");
  out.kind = text_at(json, "kind");
  out.numeric = text_at(json, "numeric");
  out.names = text_at(json, "names");
  out.ends_with_budget = text_at(json, "ends_with_budget");
  out.type = type_from(text_at(json, "type"));
  if (out.type == FieldType::list) out.item = type_from(text_at(json, "item"));
  if (const Value* found = json.find("default")) out.default_value = *found;
  out.min = bound_at(json, "min");
  out.max = bound_at(json, "max");
  out.min_exclusive = bound_at(json, "min_exclusive");
  out.max_exclusive = bound_at(json, "max_exclusive");
  out.off = bound_at(json, "off");
  out.each_min = bound_at(json, "each_min");
  out.each_max = bound_at(json, "each_max");
  out.each_min_exclusive = bound_at(json, "each_min_exclusive");
  out.each_max_exclusive = bound_at(json, "each_max_exclusive");
  out.ascending = flag_at(json, "ascending", false);
  out.choices = words_at(json, "choices");
  out.words = words_at(json, "words");
  out.required = flag_at(json, "required", false);
  out.nullable = flag_at(json, "nullable", false);
  out.fidelity = flag_at(json, "fidelity", false);
  out.open = flag_at(json, "open", false);
  out.searchable = flag_at(json, "searchable", true);
  if (const Value* fields = json.find("fields")) out.fields = fields_from_json(*fields);
  return out;
}

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

}  // namespace

std::vector<FieldSpec> fields_from_json(const Value& json) {
  if (!json.is_list()) throw std::invalid_argument("a schema is no list of fields");
  std::vector<FieldSpec> out;
  for (const Value& item : json.items()) out.push_back(field_from_json(item));
  return out;
}

std::vector<FieldSpec> fields_of(const Schema& schema) {
  std::string text;
  manifest_text::append_fields(text, schema.fields().data(), schema.fields().size());
  return fields_from_json(parse_json(text));
}

const FieldSpec* find_field(const std::vector<FieldSpec>& fields, std::string_view key) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const FieldSpec& f) { return f.key == key; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<std::string> keys_of(const std::vector<FieldSpec>& fields) {
  std::vector<std::string> out;
  for (const FieldSpec& field : fields) out.push_back(field.key);
  return out;
}

FieldSpec item_of(const FieldSpec& list) {
  FieldSpec item;
  item.key = list.key;
  item.type = list.item;
  item.kind = list.kind;
  item.fields = list.fields;
  item.searchable = list.searchable;
  item.names = list.names;
  item.open = list.item == FieldType::map && list.fields.empty();
  item.min = list.each_min;
  item.max = list.each_max;
  item.min_exclusive = list.each_min_exclusive;
  item.max_exclusive = list.each_max_exclusive;
  return item;
}

std::string range_text(const FieldSpec& f) {
  const bool low = f.min || f.min_exclusive, high = f.max || f.max_exclusive;
  if (low && high) {
    return "in " + (f.min ? "[" + number_text(*f.min) : "(" + number_text(*f.min_exclusive)) + ", " +
           (f.max ? number_text(*f.max) + "]" : number_text(*f.max_exclusive) + ")");
  }
  if (f.min) return "at least " + number_text(*f.min);
  if (f.min_exclusive) return "greater than " + number_text(*f.min_exclusive);
  if (f.max) return "at most " + number_text(*f.max);
  if (f.max_exclusive) return "less than " + number_text(*f.max_exclusive);
  return "";
}

bool in_range(const FieldSpec& f, double value) {
  if (!std::isfinite(value)) return false;
  return (!f.min || value >= *f.min) && (!f.max || value <= *f.max) && (!f.min_exclusive || value > *f.min_exclusive) &&
         (!f.max_exclusive || value < *f.max_exclusive);
}

}  // namespace dsnn::config
