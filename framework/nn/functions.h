#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>

#include "dsnn/graph.h"
#include "dsnn/layer.h"

namespace dsnn::nn {

/// A function node of a graph, ready to run: its attributes were read once.
struct Function {
  using Run = std::function<at::Tensor(std::span<const at::Tensor> in, const StepContext& step)>;
  Run run;
  /// The same into its input's storage; nullptr = it has no such form.
  at::Tensor (*overwrite)(at::Tensor x) = nullptr;
};

/// The node must have passed check_function. The first call checks that every function of the op table is here.
Function make_function(const Node& node);

}  // namespace dsnn::nn
