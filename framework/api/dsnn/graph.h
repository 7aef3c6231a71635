#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dsnn/types.h"
#include "dsnn/value.h"

namespace dsnn {

/// What a cost model charges for one multiply-accumulate position of a layer.
enum class Arithmetic { multiply, shift, add, none };
const char* to_string(Arithmetic arithmetic);

struct Numeric {
  Arithmetic arithmetic = Arithmetic::none;
  int weight_bits = 32;
  int activation_bits = 32;
  bool frozen = false;
};

/// Ordered attributes of a layer or node: int, double, string, list of int.
class Attributes {
 public:
  using Item = std::variant<int64_t, double, std::string, std::vector<int64_t>>;
  bool has(const std::string& key) const { return items_.count(key) != 0; }
  int64_t integer(const std::string& key) const;  ///< aborts when missing or of another type
  int64_t integer(const std::string& key, int64_t fallback) const;
  double number(const std::string& key) const;  ///< of an int or a double
  double number(const std::string& key, double fallback) const;
  const std::string& text(const std::string& key) const;
  std::string text(const std::string& key, const std::string& fallback) const;
  const std::vector<int64_t>& integers(const std::string& key) const;
  Attributes& set(const std::string& key, Item value);
  const std::map<std::string, Item>& items() const { return items_; }
  friend bool operator==(const Attributes&, const Attributes&) = default;

 private:
  std::map<std::string, Item> items_;
};

/// One layer that owns parameters.
///
/// The framework's types and their attributes are the layers of the op table (dsnn/op_table.h). An operator adds types
/// of its own: "<operator>.<type>" ("deepshift.conv2d") has the attributes, shape and counts of the layer it replaces;
/// a type that is like none says so itself, see layer_op().
struct LayerSpec {
  std::string name;  ///< state-dict prefix, unique ("layer1.0.conv1")
  std::string type;
  Attributes attributes;
  Numeric numeric;
  std::string op;    ///< operator component that makes it, "" = the framework
  std::string role;  ///< stem, body, depthwise, pointwise, spatial, shortcut, squeeze_excitation, classifier, norm
};

/// One step of execution: a layer, or a function without parameters of the op table (dsnn/op_table.h).
struct Node {
  int layer = -1;        ///< index into Graph::layers, or -1
  std::string function;  ///< when layer is -1
  Attributes attributes;
  std::vector<int> inputs;  ///< indices of earlier nodes
  Shape output;             ///< one sample; filled by infer_shapes
  std::string block;        ///< unit of architecture search, mutation and depth; may be empty
};

struct Output {
  std::string name;  ///< "logits", "features/8" ...
  int node = 0;
};

/// Layers and nodes that stand for one layer: node inputs of -1 mean the input of the replaced node; the last node's
/// output takes its place. Layer names are relative: "" keeps the replaced name, "x" becomes "<name>.x".
struct Subgraph {
  std::vector<LayerSpec> layers;
  std::vector<Node> nodes;
};

/// A network as a value: torch-free, copyable, no weights. Node 0 is the function `input`.
class Graph {
 public:
  std::vector<LayerSpec> layers;  ///< registration order (state dict)
  std::vector<Node> nodes;        ///< execution order; inputs precede users
  std::vector<Output> outputs;

  int add_layer(LayerSpec layer);  ///< its index
  int add_node(int layer, std::vector<int> inputs, std::string block = "");
  int add_function(std::string function, std::vector<int> inputs, Attributes attributes = {}, std::string block = "");
  /// Replaces one layer, keeping its registration position and the names of all others.
  void replace(int layer, const Subgraph& by);
  /// Replaces many layers at once, by their present index; shapes are inferred once.
  void replace(const std::map<int, Subgraph>& by);
  /// Fills Node::output. Throws std::invalid_argument naming the node when shapes do not fit.
  void infer_shapes(const Shape& input);
  /// Throws std::invalid_argument naming the first broken invariant.
  void validate() const;
  /// sha-like hex digest of layers, nodes and outputs.
  std::string digest() const;
  const Node* node_of(int layer) const;  ///< first node that runs the layer
  const Output* output(const std::string& name) const;

  Value to_json() const;
  static Graph from_json(const Value& json);
};

/// Exact counts of one layer for one sample. MACs exclude bias, norm, activation and pooling.
struct LayerCount {
  int64_t macs = 0;
  int64_t parameters = 0;  ///< trainable
  int64_t buffers = 0;     ///< running statistics
  int64_t outputs = 0;     ///< elements
};
/// Of every layer, in their order. Needs infer_shapes. An operator's layer counts like the type it stands for.
std::vector<LayerCount> counts(const Graph& graph);
/// Of one layer.
LayerCount count(const Graph& graph, int layer);

}  // namespace dsnn
