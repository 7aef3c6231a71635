#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dsnn::config {

/// A bracket or quote of a YAML text that does not fit; line and column count from 1.
struct FlowFault {
  int line = 1, column = 1;
  std::string message, hint;
  bool to_the_end = false;  ///< a quote that takes all the rest of the text, which the parser would accept
};

/// The bracket or quote that explains why `lines` are no YAML: one that is never closed, or closed by another. The
/// YAML parser notices it far behind, at the end of the text.
std::optional<FlowFault> find_flow_fault(const std::vector<std::string>& lines);

}  // namespace dsnn::config
