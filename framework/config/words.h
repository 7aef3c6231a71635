#pragma once

#include <string>
#include <vector>

namespace dsnn::config {

/// 'key', for messages.
inline std::string quoted(const std::string& key) { return "'" + key + "'"; }

/// "a, b" and `last` before the final one: joined({"a", "b", "c"}, " or ") = "a, b or c".
inline std::string joined(const std::vector<std::string>& words, const std::string& last) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? last : ", ";
    out += words[i];
  }
  return out;
}

}  // namespace dsnn::config
