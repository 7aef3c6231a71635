#include "config/tree_path.h"

#include <algorithm>

#include "config/scalar.h"

namespace dsnn::config {
namespace {

/// Goes into `at` by every "[n]" that ends `step`.
Value* by_index(Value* at, std::string_view step) {
  while (at != nullptr && step.starts_with('[')) {
    const size_t end = step.find(']');
    const auto index = read_integer(step.substr(1, end == std::string_view::npos ? end : end - 1));
    if (end == std::string_view::npos || !index || *index < 0 || !at->is_list()) return nullptr;
    if (static_cast<size_t>(*index) >= at->size()) return nullptr;
    at = &at->items()[static_cast<size_t>(*index)];
    step.remove_prefix(end + 1);
  }
  return at;
}

}  // namespace

Value* value_at(Value& tree, const std::string& path) {
  Value* at = &tree;
  size_t from = 0;
  while (at != nullptr && from <= path.size()) {
    const size_t to = std::min(path.find('.', from), path.size());
    const std::string_view step = std::string_view(path).substr(from, to - from);
    const size_t open = std::min(step.find('['), step.size());
    at = at->is_map() ? by_index(at->find(step.substr(0, open)), step.substr(open)) : nullptr;
    from = to + 1;
  }
  return at;
}

}  // namespace dsnn::config
