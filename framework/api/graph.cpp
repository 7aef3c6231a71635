#include "dsnn/graph.h"

#include <array>
#include <set>
#include <stdexcept>

#include "dsnn/error.h"
#include "dsnn/op_table.h"

namespace dsnn {
namespace {

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

/// `replaced` runs the first of the new layers already.
void append_replacement(std::vector<Node>& out, const Node& replaced, const std::vector<Node>& by) {
  const int base = static_cast<int>(out.size());
  for (Node node : by) {
    if (node.layer >= 0) node.layer += replaced.layer;
    for (int& from : node.inputs) from = from < 0 ? replaced.inputs.at(0) : base + from;
    if (node.block.empty()) node.block = replaced.block;
    out.push_back(std::move(node));
  }
}

void check_node(const Graph& graph, size_t i) {
  const Node& node = graph.nodes[i];
  for (int input : node.inputs) {
    if (input < 0 || static_cast<size_t>(input) >= i) {
      fail(describe(graph, i) + " reads node " + std::to_string(input) + ", which does not precede it");
    }
  }
  if (node.layer < -1 || node.layer >= static_cast<int>(graph.layers.size())) {
    fail("node " + std::to_string(i) + " runs layer " + std::to_string(node.layer) + ", which does not exist");
  }
  if (node.layer < 0) return check_function(node);
  if (node.inputs.size() != 1) fail(describe(graph, i) + " must have one input");
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

void Graph::replace(int layer, const Subgraph& by) { replace({{layer, by}}); }

void Graph::replace(const std::map<int, Subgraph>& by) {
  std::vector<LayerSpec> rebuilt_layers;
  std::vector<int> moved;  // where each old layer, or the first of what replaces it, now stands
  for (size_t i = 0; i < layers.size(); ++i) {
    moved.push_back(static_cast<int>(rebuilt_layers.size()));
    const auto found = by.find(static_cast<int>(i));
    if (found == by.end()) {
      rebuilt_layers.push_back(std::move(layers[i]));
      continue;
    }
    for (LayerSpec made : found->second.layers) {
      made.name = made.name.empty() ? layers[i].name : layers[i].name + "." + made.name;
      if (made.role.empty()) made.role = layers[i].role;
      rebuilt_layers.push_back(std::move(made));
    }
  }
  DSNN_ASSERT(by.empty() || (by.begin()->first >= 0 && by.rbegin()->first < static_cast<int>(layers.size())));

  std::vector<Node> rebuilt;
  std::vector<int> place(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    Node node = std::move(nodes[i]);
    for (int& input : node.inputs) input = place[static_cast<size_t>(input)];
    const auto found = by.find(node.layer);
    if (node.layer >= 0) node.layer = moved[static_cast<size_t>(node.layer)];
    if (found != by.end()) {
      append_replacement(rebuilt, node, nodes_of(found->second));
    } else {
      rebuilt.push_back(std::move(node));
    }
    place[i] = static_cast<int>(rebuilt.size()) - 1;
  }
  layers = std::move(rebuilt_layers);
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
    nodes[i].output = shape_of(*this, i);
    if (product(nodes[i].output) > kMostValues) fail(describe(*this, i) + " has more than 2^40 values");
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
    check_layer(layer);
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

std::vector<LayerCount> counts(const Graph& graph) {
  std::vector<LayerCount> out;
  std::vector<Attributes> full;
  for (const LayerSpec& layer : graph.layers) {
    const Op* op = layer_op(layer);
    full.push_back(op != nullptr ? completed(*op, layer.attributes) : layer.attributes);
    LayerCount& counted = out.emplace_back();
    if (op == nullptr) {
      counted.parameters = layer.attributes.integer("parameters");
    } else if (op->weight != nullptr) {
      counted.parameters =
          product(op->weight(full.back())) + (full.back().integer("bias") != 0 ? full.back().integer("out") : 0);
    } else if (op->parameters != nullptr) {
      counted.parameters = op->parameters(full.back());
    }
    if (op != nullptr && op->buffers != nullptr) counted.buffers = op->buffers(full.back());
  }
  for (const Node& node : graph.nodes) {
    if (node.layer < 0) continue;
    DSNN_ASSERT(!node.output.empty());
    const size_t i = static_cast<size_t>(node.layer);
    const Op* op = layer_op(graph.layers[i]);
    out[i].outputs += product(node.output);
    if (op == nullptr) {
      out[i].macs += product({product(node.output), full[i].integer("macs_per_output")});
    } else if (op->macs != nullptr) {
      out[i].macs += op->macs(full[i], graph.nodes[static_cast<size_t>(node.inputs.at(0))].output, node.output);
    }
  }
  return out;
}

LayerCount count(const Graph& graph, int layer) { return counts(graph).at(static_cast<size_t>(layer)); }

}  // namespace dsnn
