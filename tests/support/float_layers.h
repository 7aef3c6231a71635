#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "dsnn/graph.h"

/// Float layers for tests of what replaces them.
namespace dsnn::test {

LayerSpec linear(int64_t in, int64_t out, bool bias = true);
LayerSpec convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                      int64_t groups, bool bias = true);

/// Every weighted layer type of the op table, in the geometries and padding modes that differ.
std::vector<LayerSpec> geometries();

/// One sample's shape for such a layer.
Shape input_shape(const LayerSpec& spec);

/// Two samples.
at::Tensor input_of(const LayerSpec& spec);

}  // namespace dsnn::test
