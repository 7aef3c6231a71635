#include "field_text.h"

#include <vector>

#include "dsnn/value.h"

namespace dsnn::cli {
namespace {

/// Shortest digits; a whole number without its ".0".
std::string digits(const Value& number) {
  std::string text = to_json(number);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " | ") + word;
  return text;
}

std::string interval_text(const config::FieldSpec& field) {
  const bool has_low = field.min || field.min_exclusive, has_high = field.max || field.max_exclusive;
  const std::string low = has_low ? digits(Value(field.min ? *field.min : *field.min_exclusive)) : "";
  const std::string high = has_high ? digits(Value(field.max ? *field.max : *field.max_exclusive)) : "";
  if (has_low && has_high) return (field.min ? "[" : "(") + low + ", " + high + (field.max ? "]" : ")");
  if (has_low) return (field.min ? ">= " : "> ") + low;
  if (has_high) return (field.max ? "<= " : "< ") + high;
  return "";
}

std::string number_of_items(const config::FieldSpec& list) {
  if (list.min && list.min == list.max) return digits(Value(*list.min)) + " items";
  const std::string range = interval_text(list);
  return range.empty() ? "" : range + " items";
}

}  // namespace

std::string type_text(const config::FieldSpec& field) {
  std::string text(name_of(field.type));
  if (field.type == FieldType::component) text = field.kind;
  if (field.type == FieldType::list && field.item != FieldType::any) {
    text = "list of " + (field.item == FieldType::component ? field.kind : std::string(name_of(field.item)));
  }
  return field.words.empty() ? text : text + " | " + joined(field.words);
}

std::string default_text(const config::FieldSpec& field) {
  if (field.required) return "required";
  if (!field.default_value) return field.nullable ? "none" : "";
  if (field.default_value->is_number()) return digits(*field.default_value);
  if (field.default_value->is_string() && !field.default_value->string().empty()) return field.default_value->string();
  return to_json(*field.default_value);
}

std::string bounds_text(const config::FieldSpec& field) {
  if (!field.choices.empty()) return joined(field.choices);
  if (field.type != FieldType::list) return interval_text(field);
  const std::string each = bounds_text(config::item_of(field));
  const std::string number = number_of_items(field);
  return number + (number.empty() || each.empty() ? "" : ", ") + (each.empty() ? "" : "each " + each);
}

}  // namespace dsnn::cli
