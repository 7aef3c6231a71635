#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "dsnn/graph.h"
#include "dsnn/layer.h"

namespace dsnn::nn {

enum class Overwrite { forbidden, allowed };

/// Runs a node that is no layer. With `allowed` it may reuse the storage of its first input.
at::Tensor run_function(const Node& node, std::span<const at::Tensor> in, const StepContext& step, Overwrite overwrite);

}  // namespace dsnn::nn
