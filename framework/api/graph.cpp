#include "dsnn/graph.h"

#include <array>
#include <set>
#include <stdexcept>

#include "dsnn/error.h"
#include "graph_rules.h"

namespace dsnn {
namespace {

using rules::LayerKind;

constexpr int64_t kMostValues = int64_t{1} << 40;  // of one node and sample: keeps sums over inputs far from overflow

[[noreturn]] void fail(const std::string& text) { throw std::invalid_argument(text); }

template <class T>
const T& get(const std::map<std::string, Attributes::Item>& items, const std::string& key) {
  const auto found = items.find(key);
  DSNN_ASSERT(found != items.end());
  DSNN_ASSERT(std::holds_alternative<T>(found->second));
  return std::get<T>(found->second);
}

/// A subgraph without nodes is its one layer.
std::vector<Node> nodes_of(const Subgraph& by) {
  if (!by.nodes.empty()) return by.nodes;
  DSNN_ASSERT(by.layers.size() == 1);
  Node only;
  only.layer = 0;
  only.inputs = {-1};
  return {only};
}

void append_replacement(std::vector<Node>& out, const Node& replaced, int first_layer, int input,
                        const std::vector<Node>& by) {
  const int base = static_cast<int>(out.size());
  for (Node node : by) {
    if (node.layer >= 0) node.layer += first_layer;
    for (int& from : node.inputs) from = from < 0 ? input : base + from;
    if (node.block.empty()) node.block = replaced.block;
    out.push_back(std::move(node));
  }
}

void check_node(const Graph& graph, size_t i) {
  const Node& node = graph.nodes[i];
  for (int input : node.inputs) {
    if (input < 0 || static_cast<size_t>(input) >= i) {
      fail(rules::describe(graph, i) + " reads node " + std::to_string(input) + ", which does not precede it");
    }
  }
  if (node.layer < -1 || node.layer >= static_cast<int>(graph.layers.size())) {
    fail("node " + std::to_string(i) + " runs layer " + std::to_string(node.layer) + ", which does not exist");
  }
  if (node.layer < 0) return rules::check_function(node);
  if (node.inputs.size() != 1) fail(rules::describe(graph, i) + " must have one input");
}

}  // namespace

const char* to_string(Arithmetic arithmetic) {
  static constexpr std::array kNames = {"multiply", "shift", "add", "none"};
  return kNames[static_cast<size_t>(arithmetic)];
}

int64_t Attributes::integer(const std::string& key) const { return get<int64_t>(items_, key); }
int64_t Attributes::integer(const std::string& key, int64_t fallback) const {
  return has(key) ? integer(key) : fallback;
}

double Attributes::number(const std::string& key) const {
  const auto found = items_.find(key);
  DSNN_ASSERT(found != items_.end());
  if (const int64_t* whole = std::get_if<int64_t>(&found->second)) return static_cast<double>(*whole);
  return get<double>(items_, key);
}

double Attributes::number(const std::string& key, double fallback) const { return has(key) ? number(key) : fallback; }
const std::string& Attributes::text(const std::string& key) const { return get<std::string>(items_, key); }

std::string Attributes::text(const std::string& key, const std::string& fallback) const {
  return has(key) ? text(key) : fallback;
}

const std::vector<int64_t>& Attributes::integers(const std::string& key) const {
  return get<std::vector<int64_t>>(items_, key);
}

Attributes& Attributes::set(const std::string& key, Item value) {
  items_.insert_or_assign(key, std::move(value));
  return *this;
}

int Graph::add_layer(LayerSpec layer) {
  layers.push_back(std::move(layer));
  return static_cast<int>(layers.size()) - 1;
}

int Graph::add_node(int layer, std::vector<int> inputs, std::string block) {
  Node node;
  node.layer = layer;
  node.inputs = std::move(inputs);
  node.block = std::move(block);
  nodes.push_back(std::move(node));
  return static_cast<int>(nodes.size()) - 1;
}

int Graph::add_function(std::string function, std::vector<int> inputs, Attributes attributes, std::string block) {
  const int index = add_node(-1, std::move(inputs), std::move(block));
  nodes.back().function = std::move(function);
  nodes.back().attributes = std::move(attributes);
  return index;
}

void Graph::replace(int layer, const Subgraph& by) {
  DSNN_ASSERT(layer >= 0 && layer < static_cast<int>(layers.size()));
  const LayerSpec old = layers[static_cast<size_t>(layer)];
  const auto at = layers.begin() + layer;
  layers.insert(layers.erase(at), by.layers.begin(), by.layers.end());
  for (size_t i = 0; i < by.layers.size(); ++i) {
    LayerSpec& made = layers[static_cast<size_t>(layer) + i];
    made.name = made.name.empty() ? old.name : old.name + "." + made.name;
    if (made.role.empty()) made.role = old.role;
  }

  const int moved = static_cast<int>(by.layers.size()) - 1;
  const std::vector<Node> inner = nodes_of(by);
  std::vector<Node> rebuilt;
  std::vector<int> place(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    Node node = nodes[i];
    for (int& input : node.inputs) input = place[static_cast<size_t>(input)];
    if (node.layer == layer) {
      append_replacement(rebuilt, node, layer, node.inputs.at(0), inner);
    } else {
      if (node.layer > layer) node.layer += moved;
      rebuilt.push_back(std::move(node));
    }
    place[i] = static_cast<int>(rebuilt.size()) - 1;
  }
  nodes = std::move(rebuilt);
  for (Output& output : outputs) output.node = place[static_cast<size_t>(output.node)];
  if (!nodes.empty() && !nodes.front().output.empty()) infer_shapes(Shape(nodes.front().output));
}

void Graph::infer_shapes(const Shape& input) {
  validate();
  if (input.empty()) fail("the input has no axes");
  for (int64_t size : input) {
    if (size < 1 || size > (int64_t{1} << 24)) fail("the input has an axis of " + std::to_string(size) + " values");
  }
  for (Node& node : nodes) node.output.clear();
  nodes.front().output = input;
  for (size_t i = 1; i < nodes.size(); ++i) {
    nodes[i].output = rules::shape_of(*this, i);
    if (rules::product(nodes[i].output) > kMostValues) fail(rules::describe(*this, i) + " has more than 2^40 values");
  }
}

void Graph::validate() const {
  if (nodes.empty() || nodes.front().layer != -1 || nodes.front().function != "input") {
    fail("node 0 of a graph must be the function 'input'");
  }
  std::set<std::string> names;
  for (const LayerSpec& layer : layers) {
    if (layer.name.empty()) fail("a layer of type '" + layer.type + "' has no name");
    if (!names.insert(layer.name).second) fail("two layers are named '" + layer.name + "'");
    rules::check_layer(layer);
  }
  std::vector<bool> used(layers.size(), false);
  for (size_t i = 0; i < nodes.size(); ++i) {
    check_node(*this, i);
    if (i > 0 && nodes[i].layer < 0 && nodes[i].function == "input")
      fail("node " + std::to_string(i) + " is a second input");
    if (nodes[i].layer >= 0) used[static_cast<size_t>(nodes[i].layer)] = true;
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!used[i]) fail("no node runs layer '" + layers[i].name + "'");
  }
  if (outputs.empty()) fail("a graph needs an output");
  std::set<std::string> output_names;
  for (const Output& output : outputs) {
    if (output.node < 0 || static_cast<size_t>(output.node) >= nodes.size()) {
      fail("output '" + output.name + "' is node " + std::to_string(output.node) + ", which does not exist");
    }
    if (!output_names.insert(output.name).second) fail("two outputs are named '" + output.name + "'");
  }
}

const Node* Graph::node_of(int layer) const {
  for (const Node& node : nodes) {
    if (node.layer == layer) return &node;
  }
  return nullptr;
}

const Output* Graph::output(const std::string& name) const {
  for (const Output& output : outputs) {
    if (output.name == name) return &output;
  }
  return nullptr;
}

LayerCount count(const Graph& graph, int layer) {
  const LayerSpec& spec = graph.layers.at(static_cast<size_t>(layer));
  const Attributes& a = spec.attributes;
  const LayerKind kind = rules::kind_of(spec);
  LayerCount out;
  int64_t macs_per_output = 0;
  if (kind == LayerKind::conv2d) {
    const rules::Pair kernel = rules::pair_of(a, "kernel", 1);
    macs_per_output = rules::product({a.integer("in") / a.integer("groups", 1), kernel.h, kernel.w});
  } else if (kind == LayerKind::linear) {
    macs_per_output = a.integer("in");
  }
  if (kind == LayerKind::conv2d || kind == LayerKind::linear) {
    out.parameters =
        rules::product({a.integer("out"), macs_per_output}) + (a.integer("bias") != 0 ? a.integer("out") : 0);
  } else if (kind == LayerKind::batch_norm) {
    out.parameters = 2 * a.integer("channels");
  }
  for (const Node& node : graph.nodes) {
    if (node.layer != layer) continue;
    DSNN_ASSERT(!node.output.empty());
    const int64_t outputs = rules::product(node.output);
    out.outputs += outputs;
    out.macs += rules::product({outputs, macs_per_output});
  }
  return out;
}

}  // namespace dsnn
