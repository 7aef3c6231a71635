#pragma once

#include <string>

#include "config/field.h"

namespace dsnn::cli {

/// One key of a schema in words: "int | all", "list of float", "operator".
std::string type_text(const config::FieldSpec& field);
/// "0.9", "q", "required", "none" for a nullable key without a default, "" when nothing is filled in.
std::string default_text(const config::FieldSpec& field);
/// "[0, 1)", "> 0", "q | ps", "2 items, each >= 0", "" for a key without bounds.
std::string bounds_text(const config::FieldSpec& field);

}  // namespace dsnn::cli
