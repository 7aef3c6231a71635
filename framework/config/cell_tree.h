#pragma once

#include <vector>

#include "config/document.h"
#include "config/matrix.h"

namespace dsnn::config {

/// The experiment of one cell: `tree` without its matrix, under the cell's values, under those of --set. What would not
/// reach the result is an error: a value that another one hides, or a domain that a case of the matrix takes away.
Node tree_of_cell(const Node& tree, const Cell& cell, const std::vector<Overlay>& settings,
                  std::vector<Diagnostic>& errors);

}  // namespace dsnn::config
