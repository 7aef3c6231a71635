#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsnn/graph.h"

namespace dsnn {

/// What one attribute of an operation holds.
enum class AttributeType {
  integer,  ///< a whole number
  number,   ///< a whole number or a double
  text,     ///< one of the choices
  pair,     ///< [h, w], or one whole number for both
  sides,    ///< [top, bottom, left, right], [h, w], or one whole number for all
};

struct AttributeRule {
  std::string_view key;
  AttributeType type = AttributeType::integer;
  bool required = false;
  double least = 0, most = 1 << 24;  ///< of every number in it
  double fallback = 0;               ///< when it is left out
  /// Of a text, separated by '|'; the first one is the fallback.
  std::string_view choices;
};

/// What the framework knows of one layer type or function. Everything that reads a graph asks this table: shapes and
/// counts here, LibTorch in nn/, the planner's shortcuts. A new operation is one row here and one in each back end.
///
/// Callbacks take attributes that are checked and `completed`; `who` begins their messages. Throw
/// std::invalid_argument.
struct Op {
  enum class Kind { layer, function };
  using Inputs = std::span<const Shape>;

  std::string_view name;
  Kind kind = Kind::function;
  int least_inputs = 1, most_inputs = 1;
  std::span<const AttributeRule> attributes;
  /// Relations between attributes; nullptr = none.
  void (*check)(const std::string& who, const Attributes& attributes) = nullptr;
  /// One sample's output shape.
  Shape (*shape)(const std::string& who, const Attributes& attributes, Inputs in) = nullptr;
  /// The weight tensor of a convolution or linear map, [out, ...]; nullptr = not one. Such layers can be converted.
  Shape (*weight)(const Attributes& attributes) = nullptr;
  /// Multiply-accumulates of one sample; nullptr = none.
  int64_t (*macs)(const Attributes& attributes, const Shape& in, const Shape& out) = nullptr;
  /// Trainable numbers beside the weight and its bias; nullptr = none.
  int64_t (*parameters)(const Attributes& attributes) = nullptr;
  /// Numbers of the state that are not trained; nullptr = none.
  int64_t (*buffers)(const Attributes& attributes) = nullptr;
  bool output_may_alias = false;       ///< its output may share memory with an input
  bool backward_needs_output = false;  ///< overwriting its output breaks its gradient
};

/// All operations, functions first.
std::span<const Op> op_table();

/// nullptr when there is none of this name.
const Op* find_op(std::string_view name);

/// The row that rules a layer: of its own type, or of what stands behind the last dot of an operator's type
/// ("deepshift.conv2d" -> conv2d). nullptr for a type without one: its layers carry the attributes `like` (an operation
/// with one input whose shape rule holds), `macs_per_output` and `parameters`.
const Op* layer_op(const LayerSpec& layer);

/// A convolution or linear map, of the framework or of an operator.
bool is_weighted(const LayerSpec& layer);

/// A weighted layer that runs over an image or a line: every one but a linear map.
bool is_convolution(const LayerSpec& layer);

/// Shape of the weight tensor of a weighted layer. Aborts for another one.
Shape weight_shape(const LayerSpec& layer);

/// The attributes with every one that is left out at its fallback; pairs and sides written in full.
Attributes completed(const Op& op, const Attributes& attributes);

/// Throws std::invalid_argument when an attribute that the layer's type needs is missing, of another type or out of
/// range, or when no rule covers the type.
void check_layer(const LayerSpec& layer);

/// The same of a node that runs a function; also its number of inputs.
void check_function(const Node& node);

/// The output shape of node `index`, from its inputs' shapes. Throws std::invalid_argument naming the node.
Shape shape_of(const Graph& graph, size_t index);

/// "node 5 (layer1.0.conv1)".
std::string describe(const Graph& graph, size_t index);

/// Product of non-negative numbers. Throws std::invalid_argument past 2^62.
int64_t product(const Shape& factors);

}  // namespace dsnn
