#pragma once

#include <string>
#include <string_view>

#include "config/document.h"

namespace dsnn::config {

/// What may not stand in the text of an experiment: other encodings than UTF-8, tabs that indent, control characters.
/// Throws ConfigError at the first byte that is wrong.
void check_characters(std::string_view text, const Source* source);

/// Where a control character stands in a value that is neither a line end nor a tab (quoted text may hold those two,
/// and any as an escape), or npos.
size_t find_steering(std::string_view text);

}  // namespace dsnn::config
