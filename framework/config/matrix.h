#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/key_path.h"
#include "config/spec.h"

namespace dsnn::config {

/// One combination of cases. The only cell of a file without a matrix has no labels.
struct Cell {
  std::vector<std::pair<std::string, std::string>> labels;  ///< axis, label; in matrix order
  std::vector<Overlay> overlays;                            ///< each `type` before the keys that it may drop
  std::string name() const;                                 ///< labels joined by '-'
};

inline constexpr size_t kMaxCells = 1'000;

/// A matrix written out.
struct Expansion {
  Matrix matrix;            ///< without seeds
  std::vector<Cell> cells;  ///< to run, the first axis slowest
};

/// All cells of a matrix. Mistakes go to `errors`; then the result is not meant for use.
Expansion expand_matrix(const Node* matrix, std::vector<Diagnostic>& errors);

}  // namespace dsnn::config
