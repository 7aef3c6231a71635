#pragma once

#include <string>
#include <vector>

#include "dsnn/graph.h"

namespace dsnn::nn {

/// The two values of a "[h, w]" attribute; one whole number stands for both, a missing attribute for `fallback`.
inline std::vector<int64_t> pair_of(const Attributes& attributes, const std::string& key, int64_t fallback) {
  const auto found = attributes.items().find(key);
  if (found == attributes.items().end()) return {fallback, fallback};
  if (const int64_t* both = std::get_if<int64_t>(&found->second)) return {*both, *both};
  return attributes.integers(key);
}

}  // namespace dsnn::nn
