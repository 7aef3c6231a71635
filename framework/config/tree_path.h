#pragma once

#include <string>

#include "dsnn/value.h"

namespace dsnn::config {

/// The value at a key path such as "training.optimizer.lr" or "objectives[0].metric", or nullptr.
Value* value_at(Value& tree, const std::string& path);

}  // namespace dsnn::config
