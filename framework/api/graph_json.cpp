#include <cstdio>
#include <stdexcept>

#include "dsnn/checked_json.h"
#include "dsnn/graph.h"
#include "dsnn/rng.h"

namespace dsnn {
namespace {

[[noreturn]] void fail(const std::string& text) { throw std::invalid_argument("graph: " + text); }

Value json_of(const std::vector<int64_t>& list) {
  Value out = Value::list();
  for (int64_t item : list) out.push_back(item);
  return out;
}

Value json_of(const Attributes& attributes) {
  Value out = Value::map();
  for (const auto& [key, item] : attributes.items()) {
    out.set(key, std::visit(
                     [](const auto& v) -> Value {
                       if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::vector<int64_t>>) {
                         return json_of(v);
                       } else {
                         return Value(v);
                       }
                     },
                     item));
  }
  return out;
}

Value json_of(const LayerSpec& layer) {
  Value numeric = Value::map();
  numeric.set("arithmetic", to_string(layer.numeric.arithmetic));
  numeric.set("weight_bits", layer.numeric.weight_bits);
  numeric.set("activation_bits", layer.numeric.activation_bits);
  numeric.set("frozen", layer.numeric.frozen);
  Value out = Value::map();
  out.set("name", layer.name);
  out.set("type", layer.type);
  out.set("attributes", json_of(layer.attributes));
  out.set("numeric", std::move(numeric));
  out.set("op", layer.op);
  out.set("role", layer.role);
  return out;
}

enum class Shapes { with, without };

Value json_of(const Node& node, Shapes shapes) {
  Value inputs = Value::list();
  for (int input : node.inputs) inputs.push_back(input);
  Value out = Value::map();
  if (node.layer >= 0) {
    out.set("layer", node.layer);
  } else {
    out.set("function", node.function);
  }
  if (!node.attributes.items().empty()) out.set("attributes", json_of(node.attributes));
  out.set("inputs", std::move(inputs));
  if (shapes == Shapes::with && !node.output.empty()) out.set("output", json_of(node.output));
  if (!node.block.empty()) out.set("block", node.block);
  return out;
}

Value json_of(const Graph& graph, Shapes shapes) {
  Value layers = Value::list(), nodes = Value::list(), outputs = Value::list();
  for (const LayerSpec& layer : graph.layers) layers.push_back(json_of(layer));
  for (const Node& node : graph.nodes) nodes.push_back(json_of(node, shapes));
  for (const Output& output : graph.outputs) {
    Value entry = Value::map();
    entry.set("name", output.name);
    entry.set("node", output.node);
    outputs.push_back(std::move(entry));
  }
  Value out = Value::map();
  out.set("layers", std::move(layers));
  out.set("nodes", std::move(nodes));
  out.set("outputs", std::move(outputs));
  return out;
}

// The readers below take a file anyone may have written: every access is checked.

using checked::list;
using checked::member;
using checked::text;

std::string optional_text(const Value& map, std::string_view key) {
  return map.find(key) == nullptr ? std::string() : text(map, key);
}

int small(const Value& value) {
  if (!value.is_int() || value.integer() < -1 || value.integer() > (1 << 24)) fail("a number is no index");
  return static_cast<int>(value.integer());
}

std::vector<int64_t> whole_numbers(const Value::List& items) {
  std::vector<int64_t> out;
  for (const Value& item : items) {
    if (!item.is_int()) fail("a list holds something that is no whole number");
    out.push_back(item.integer());
  }
  return out;
}

Attributes attributes_from(const Value& json) {
  if (!json.is_map()) fail("'attributes' must be a map");
  Attributes out;
  for (const auto& [key, value] : json.members()) {
    if (value.is_int()) {
      out.set(key, value.integer());
    } else if (value.is_float()) {
      out.set(key, value.number());
    } else if (value.is_string()) {
      out.set(key, value.string());
    } else if (value.is_list()) {
      out.set(key, whole_numbers(value.items()));
    } else {
      fail("attribute '" + key + "' is neither number, text nor list");
    }
  }
  return out;
}

Arithmetic arithmetic_from(const std::string& name) {
  for (Arithmetic a : {Arithmetic::multiply, Arithmetic::shift, Arithmetic::add, Arithmetic::none}) {
    if (name == to_string(a)) return a;
  }
  fail("unknown arithmetic '" + name + "'");
}

LayerSpec layer_from(const Value& json) {
  const Value& numeric = member(json, "numeric");
  return {.name = text(json, "name"),
          .type = text(json, "type"),
          .attributes = attributes_from(member(json, "attributes")),
          .numeric = {.arithmetic = arithmetic_from(text(numeric, "arithmetic")),
                      .weight_bits = small(member(numeric, "weight_bits")),
                      .activation_bits = small(member(numeric, "activation_bits")),
                      .frozen = checked::flag(numeric, "frozen")},
          .op = text(json, "op"),
          .role = text(json, "role")};
}

Node node_from(const Value& json) {
  Node node;
  if (const Value* layer = json.find("layer")) {
    node.layer = small(*layer);
  } else {
    node.function = text(json, "function");
  }
  if (const Value* attributes = json.find("attributes")) node.attributes = attributes_from(*attributes);
  for (const Value& input : list(json, "inputs")) node.inputs.push_back(small(input));
  node.block = optional_text(json, "block");
  return node;
}

}  // namespace

Value Graph::to_json() const { return json_of(*this, Shapes::with); }

Graph Graph::from_json(const Value& json) {
  Graph graph;
  for (const Value& layer : list(json, "layers")) graph.layers.push_back(layer_from(layer));
  const Value::List& nodes = list(json, "nodes");
  for (const Value& node : nodes) graph.nodes.push_back(node_from(node));
  for (const Value& output : list(json, "outputs")) {
    graph.outputs.push_back({.name = text(output, "name"), .node = small(member(output, "node"))});
  }
  graph.validate();
  if (const Value* input = nodes.front().find("output")) {
    if (!input->is_list()) fail("'output' must be a list");
    graph.infer_shapes(whole_numbers(input->items()));
  }
  return graph;
}

std::string Graph::digest() const {
  const std::string text = to_canonical_json(json_of(*this, Shapes::without));
  uint64_t a = 0x243F6A8885A308D3ULL, b = 0x13198A2E03707344ULL;
  for (size_t i = 0; i < text.size(); i += 8) {
    uint64_t word = 0;
    for (size_t j = i; j < text.size() && j < i + 8; ++j) word = (word << 8) | static_cast<unsigned char>(text[j]);
    a = hash64(a, word);
    b = hash64(word, b);
  }
  char out[33];
  std::snprintf(out, sizeof out, "%016llx%016llx", static_cast<unsigned long long>(hash64(a, text.size())),
                static_cast<unsigned long long>(b));
  return out;
}

}  // namespace dsnn
