#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/document.h"

namespace dsnn::config {

/// One value laid over the tree of a file: by a cell of the matrix, or by --set.
struct Overlay {
  std::string path;
  Place place;
  Node value;
};

/// The label of one choice, of a domain or of an axis: its `label`, else its `type`, else its own text; "" when it has
/// none.
std::string label_of(const Node& choice);

enum class Assign { replace, merge };
/// Puts `value` at `path` ("training.optimizer.lr", "objectives[energy].goal", "training.optimizer.sgd.lr" into an
/// alternative, "dataset.transforms[0]"), making maps on the way. Throws ConfigError at `place`.
void assign(Node& root, const std::string& path, const Place& place, Node value, Assign how);

/// What stands at `path`, or null.
const Node* find_path(const Node& root, const std::string& path);

/// The paths above `path`, the longest last: "a", "a.b" and "a.b[c]" of "a.b[c].d".
std::vector<std::string> paths_above(const std::string& path);

/// The section that a path names as a whole: "training.optimizer" of "training.optimizer.type", else the path itself.
std::string whole_section(const std::string& path);

}  // namespace dsnn::config
