#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dsnn/schema.h"
#include "dsnn/value.h"

/// Optional members of the maps in a manifest.
namespace dsnn::plugin {

/// "" when it is missing or no string.
inline std::string text_at(const Value& map, std::string_view key) {
  const Value* found = map.find(key);
  return found != nullptr && found->is_string() ? found->string() : std::string();
}

/// `absent` when it is missing or no bool.
inline bool flag_at(const Value& map, std::string_view key, bool absent) {
  const Value* found = map.find(key);
  return found != nullptr && found->is_bool() ? found->boolean() : absent;
}

inline std::optional<FieldType> field_type_from(std::string_view name) {
  for (size_t i = 0; i <= static_cast<size_t>(FieldType::size); ++i) {
    if (name == name_of(static_cast<FieldType>(i))) return static_cast<FieldType>(i);
  }
  return std::nullopt;
}

}  // namespace dsnn::plugin
