#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/document.h"
#include "dsnn/value.h"

namespace dsnn::config {

/// Decimal digits with an optional sign: no leading zeros, no separators, no hexadecimal.
std::optional<int64_t> read_integer(std::string_view text);
/// Any finite decimal number: 1, 1e-3, .5.
std::optional<double> read_number(std::string_view text);
/// "true" or "false", nothing else.
std::optional<bool> read_boolean(std::string_view text);
/// Seconds: "500ms", "90s", "8min", "1h30min", "2d".
std::optional<double> read_duration(std::string_view text);
/// Bytes: "512MiB", "4GiB", "1kB".
std::optional<int64_t> read_size(std::string_view text);

/// What a plain scalar means where no schema says its type: a boolean, an integer, a float, else text.
Value guess_scalar(const Node& node);
/// The same for whole trees (open maps).
Value guess(const Node& node);

}  // namespace dsnn::config
