#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dsnn::config {

/// The candidate nearest to `word` by Damerau-Levenshtein distance, when it is at most 1 + len/5 away; the first of
/// equals.
std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// "did you mean 'x'?", or with 8 candidates or fewer "one of a, b, c", or "".
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

}  // namespace dsnn::config
