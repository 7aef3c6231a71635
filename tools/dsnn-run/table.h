#pragma once

#include <string>
#include <vector>

namespace dsnn::cli {

/// Rows of text as aligned columns, two spaces between them, `indent` spaces before; empty columns are dropped and
/// no line ends in a space. Widths count UTF-8 code points. A cell is one line: its line ends become "; ", what would
/// steer a terminal an escape.
std::string table(const std::vector<std::vector<std::string>>& rows, int indent = 2);

}  // namespace dsnn::cli
