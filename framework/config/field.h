#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dsnn/schema.h"
#include "dsnn/value.h"

namespace dsnn::config {

/// One key of a section as a manifest declares it: the runtime form of dsnn::Field.
struct FieldSpec {
  std::string key, doc, unit, kind;  ///< kind: of a component, or of a list of components
  std::string numeric;               ///< see IntField::numeric
  std::string names;                 ///< see dsnn::kNamed
  std::string ends_with_budget;      ///< see ChoiceField::ends_with_budget
  FieldType type = FieldType::any;
  FieldType item = FieldType::any;  ///< of a list
  std::optional<Value> default_value;
  std::optional<double> min, max, min_exclusive, max_exclusive;  ///< of the value; of a list: of the number of items
  std::optional<double> each_min, each_max, each_min_exclusive, each_max_exclusive;  ///< of every item of a list
  std::optional<double> off;                                                         ///< see IntField::off
  std::vector<std::string> choices, words;
  bool required = false, nullable = false, fidelity = false, searchable = true, open = false;
  bool ascending = false;         ///< see ListField
  std::vector<FieldSpec> fields;  ///< of a map, or of a list of maps
};

/// Reads the list of fields that dsnn/manifest_text.h writes. Throws std::invalid_argument when it is no such list.
std::vector<FieldSpec> fields_from_json(const Value& json);
std::vector<FieldSpec> fields_of(const Schema& schema);

const FieldSpec* find_field(const std::vector<FieldSpec>& fields, std::string_view key);
std::vector<std::string> keys_of(const std::vector<FieldSpec>& fields);

/// What the items of a list field must be, as a field of its own.
FieldSpec item_of(const FieldSpec& list);

/// "in [0, 1)", "at least 1", "" when there is no bound.
std::string range_text(const FieldSpec& field);
bool in_range(const FieldSpec& field, double value);

}  // namespace dsnn::config
