#pragma once

#include <string_view>

#include "dsnn/graph.h"

namespace dsnn::rules {

enum class LayerKind { conv2d, linear, batch_norm, other };

/// "deepshift.conv2d" counts and shapes like "conv2d".
LayerKind kind_of(const LayerSpec& layer);

/// Throws std::invalid_argument when an attribute this layer type needs is missing, of another type or out of range.
void check_layer(const LayerSpec& layer);

/// Throws std::invalid_argument for an unknown function, a wrong number of inputs or a bad attribute.
void check_function(const Node& node);

/// The two values of a "[h, w]" attribute; one whole number stands for both.
struct Pair {
  int64_t h = 0, w = 0;
};
Pair pair_of(const Attributes& attributes, const std::string& key, int64_t fallback);

/// The output shape of node `index`, from its inputs' shapes. Throws std::invalid_argument.
Shape shape_of(const Graph& graph, size_t index);

/// "node 5 (layer1.0.conv1)".
std::string describe(const Graph& graph, size_t index);

/// Product of non-negative numbers. Throws std::invalid_argument past 2^62.
int64_t product(const Shape& factors);

}  // namespace dsnn::rules
