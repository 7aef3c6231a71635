#pragma once

#include <string>

#include "config/document.h"
#include "config/field.h"

namespace dsnn::config {

/// For a key with dots, as --set and matrix have it: "write training: {epochs: 3}". `here` is the section it stands
/// in. "" when the key is no key path.
std::string dotted_hint(const Entry& entry, const std::string& here);

/// How a map is written where `node` is none: "write {name: error, metric: validation.error, goal: minimize}" for an
/// item of a list that is a plain name, else its keys. "" when nothing is known of it.
std::string map_hint(const FieldSpec& field, const Node& node, bool is_item);

}  // namespace dsnn::config
