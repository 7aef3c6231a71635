#include "graph_rules.h"

#include <array>
#include <stdexcept>

namespace dsnn::rules {
namespace {

constexpr int64_t kLargest = int64_t{1} << 24;  // of any size: keeps every sum below far from overflow

[[noreturn]] void fail(const std::string& text) { throw std::invalid_argument(text); }

std::string text_of(const Shape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

const Attributes::Item* find(const Attributes& attributes, const std::string& key) {
  const auto found = attributes.items().find(key);
  return found == attributes.items().end() ? nullptr : &found->second;
}

void check_integer(const std::string& who, const Attributes& attributes, const std::string& key, int64_t least) {
  const Attributes::Item* item = find(attributes, key);
  const int64_t* value = item == nullptr ? nullptr : std::get_if<int64_t>(item);
  if (value == nullptr || *value < least || *value > kLargest) {
    fail(who + ": attribute '" + key + "' must be a whole number of at least " + std::to_string(least));
  }
}

void check_pair(const std::string& who, const Attributes& attributes, const std::string& key, int64_t least) {
  const Attributes::Item* item = find(attributes, key);
  const std::vector<int64_t>* list = item == nullptr ? nullptr : std::get_if<std::vector<int64_t>>(item);
  if (item != nullptr && std::holds_alternative<int64_t>(*item)) return check_integer(who, attributes, key, least);
  bool good = list != nullptr && list->size() == 2;
  for (size_t i = 0; good && i < 2; ++i) good = (*list)[i] >= least && (*list)[i] <= kLargest;
  if (!good) fail(who + ": attribute '" + key + "' must be two whole numbers of at least " + std::to_string(least));
}

void check_number(const std::string& who, const Attributes& attributes, const std::string& key) {
  const Attributes::Item* item = find(attributes, key);
  if (item == nullptr || (!std::holds_alternative<int64_t>(*item) && !std::holds_alternative<double>(*item))) {
    fail(who + ": attribute '" + key + "' must be a number");
  }
}

void check_optional_pair(const std::string& who, const Attributes& attributes, const std::string& key, int64_t least) {
  if (attributes.has(key)) check_pair(who, attributes, key, least);
}

int64_t window(const std::string& who, int64_t size, int64_t kernel, int64_t stride, int64_t padding,
               int64_t dilation) {
  const int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1;
  if (room < 0) {
    fail(who + ": a window of " + std::to_string(kernel) + " does not fit into " + std::to_string(size) +
         " values with padding " + std::to_string(padding));
  }
  return room / stride + 1;
}

Shape image(const std::string& who, const Shape& in) {
  if (in.size() != 3) fail(who + ": expected channels x height x width, got the shape " + text_of(in));
  return in;
}

Shape conv_shape(const std::string& who, const Attributes& a, const Shape& input) {
  const Shape in = image(who, input);
  if (in[0] != a.integer("in")) {
    fail(who + ": expected " + std::to_string(a.integer("in")) + " channels, got the shape " + text_of(in));
  }
  const Pair k = pair_of(a, "kernel", 1), s = pair_of(a, "stride", 1), p = pair_of(a, "padding", 0),
             d = pair_of(a, "dilation", 1);
  return {a.integer("out"), window(who, in[1], k.h, s.h, p.h, d.h), window(who, in[2], k.w, s.w, p.w, d.w)};
}

Shape linear_shape(const std::string& who, const Attributes& a, Shape in) {
  if (in.empty() || in.back() != a.integer("in")) {
    fail(who + ": expected " + std::to_string(a.integer("in")) + " values, got the shape " + text_of(in));
  }
  in.back() = a.integer("out");
  return in;
}

Shape layer_shape(const std::string& who, const LayerSpec& layer, const Shape& in) {
  switch (kind_of(layer)) {
    case LayerKind::conv2d:
      return conv_shape(who, layer.attributes, in);
    case LayerKind::linear:
      return linear_shape(who, layer.attributes, in);
    case LayerKind::batch_norm:
      if (in.empty() || in[0] != layer.attributes.integer("channels")) {
        fail(who + ": expected " + std::to_string(layer.attributes.integer("channels")) + " channels, got the shape " +
             text_of(in));
      }
      return in;
    case LayerKind::other:
      return in;
  }
  return in;
}

Shape join_shapes(const std::string& who, const Graph& graph, const Node& node) {
  const bool add = node.function == "add";
  Shape out = graph.nodes[static_cast<size_t>(node.inputs[0])].output;
  if (!add && out.empty()) fail(who + ": nothing to join in a shape without axes");
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    Shape other = graph.nodes[static_cast<size_t>(node.inputs[i])].output;
    const Shape original = other;
    const Shape before = out;
    if (!add && !other.empty()) {
      out[0] += other[0];
      other[0] = out[0];
    }
    if (other != out) fail(who + ": the shapes " + text_of(before) + " and " + text_of(original) + " do not fit");
  }
  return out;
}

Shape function_shape(const std::string& who, const Graph& graph, const Node& node) {
  if (node.function == "add" || node.function == "concat") return join_shapes(who, graph, node);
  const Shape& in = graph.nodes[static_cast<size_t>(node.inputs[0])].output;
  if (node.function == "flatten") return {product(in)};
  if (node.function == "global_avg_pool") return {image(who, in)[0], 1, 1};
  if (node.function == "max_pool" || node.function == "avg_pool") {
    const Pair k = pair_of(node.attributes, "kernel", 1), s = pair_of(node.attributes, "stride", 1),
               p = pair_of(node.attributes, "padding", 0);
    const Shape i = image(who, in);
    return {i[0], window(who, i[1], k.h, s.h, p.h, 1), window(who, i[2], k.w, s.w, p.w, 1)};
  }
  if (node.function == "subsample_pad") {
    const Shape i = image(who, in);
    const int64_t s = node.attributes.integer("stride");
    return {i[0] + node.attributes.integer("before") + node.attributes.integer("after"), (i[1] + s - 1) / s,
            (i[2] + s - 1) / s};
  }
  return in;
}

}  // namespace

LayerKind kind_of(const LayerSpec& layer) {
  const std::string_view type = layer.type;
  const size_t dot = type.rfind('.');
  const std::string_view base = dot == std::string_view::npos ? type : type.substr(dot + 1);
  if (base == "conv2d") return LayerKind::conv2d;
  if (base == "linear") return LayerKind::linear;
  if (base == "batch_norm") return LayerKind::batch_norm;
  return LayerKind::other;
}

void check_layer(const LayerSpec& layer) {
  const std::string who = "layer '" + layer.name + "' (" + layer.type + ")";
  const Attributes& a = layer.attributes;
  const LayerKind kind = kind_of(layer);
  if (kind == LayerKind::batch_norm) {
    check_integer(who, a, "channels", 1);
    check_number(who, a, "eps");
    check_number(who, a, "momentum");
  }
  if (kind != LayerKind::conv2d && kind != LayerKind::linear) return;
  check_integer(who, a, "in", 1);
  check_integer(who, a, "out", 1);
  check_integer(who, a, "bias", 0);
  if (kind == LayerKind::linear) return;
  check_pair(who, a, "kernel", 1);
  check_optional_pair(who, a, "stride", 1);
  check_optional_pair(who, a, "padding", 0);
  check_optional_pair(who, a, "dilation", 1);
  if (a.has("groups")) check_integer(who, a, "groups", 1);
  if (const Attributes::Item* mode = find(a, "padding_mode")) {
    const std::string* text = std::get_if<std::string>(mode);
    if (text == nullptr || *text != "zeros") fail(who + ": attribute 'padding_mode' must be 'zeros'");
  }
  const int64_t groups = a.integer("groups", 1);
  if (a.integer("in") % groups != 0 || a.integer("out") % groups != 0) {
    fail(who + ": " + std::to_string(groups) + " groups do not divide " + std::to_string(a.integer("in")) + " and " +
         std::to_string(a.integer("out")) + " channels");
  }
}

void check_function(const Node& node) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "input",  "relu",     "add",      "flatten",         "log_softmax", "dropout",
      "concat", "max_pool", "avg_pool", "global_avg_pool", "identity",    "subsample_pad"};
  bool known = false;
  for (std::string_view name : kNames) known = known || node.function == name;
  if (!known) fail("unknown function '" + node.function + "'");
  const std::string who = "function '" + node.function + "'";
  const size_t inputs = node.inputs.size();
  const bool joins = node.function == "add" || node.function == "concat";
  if (node.function == "input" ? inputs != 0 : joins ? inputs < 2 : inputs != 1) {
    fail(who + " has " + std::to_string(inputs) + " inputs");
  }
  if (node.function == "max_pool" || node.function == "avg_pool") {
    check_pair(who, node.attributes, "kernel", 1);
    check_pair(who, node.attributes, "stride", 1);
    check_optional_pair(who, node.attributes, "padding", 0);
    const Pair kernel = pair_of(node.attributes, "kernel", 1), padding = pair_of(node.attributes, "padding", 0);
    if (2 * padding.h > kernel.h || 2 * padding.w > kernel.w) fail(who + ": padding above half the kernel");
  } else if (node.function == "subsample_pad") {
    check_integer(who, node.attributes, "stride", 1);
    check_integer(who, node.attributes, "before", 0);
    check_integer(who, node.attributes, "after", 0);
  } else if (node.function == "dropout") {
    check_number(who, node.attributes, "p");
    const double p = node.attributes.number("p");
    if (!(p >= 0 && p < 1)) fail(who + ": attribute 'p' must be in [0, 1)");
  }
}

Pair pair_of(const Attributes& attributes, const std::string& key, int64_t fallback) {
  const Attributes::Item* item = find(attributes, key);
  if (item == nullptr) return {fallback, fallback};
  if (const int64_t* both = std::get_if<int64_t>(item)) return {*both, *both};
  const std::vector<int64_t>& list = attributes.integers(key);
  return {list.at(0), list.at(1)};
}

Shape shape_of(const Graph& graph, size_t index) {
  const Node& node = graph.nodes[index];
  const std::string who = describe(graph, index);
  for (int input : node.inputs) {
    if (graph.nodes[static_cast<size_t>(input)].output.empty()) fail(who + ": its input has no shape yet");
  }
  if (node.layer < 0) return function_shape(who, graph, node);
  return layer_shape(who, graph.layers[static_cast<size_t>(node.layer)],
                     graph.nodes[static_cast<size_t>(node.inputs[0])].output);
}

std::string describe(const Graph& graph, size_t index) {
  const Node& node = graph.nodes[index];
  const std::string what = node.layer >= 0 && static_cast<size_t>(node.layer) < graph.layers.size()
                               ? graph.layers[static_cast<size_t>(node.layer)].name
                               : node.function;
  return "node " + std::to_string(index) + " (" + what + ")";
}

int64_t product(const Shape& factors) {
  int64_t out = 1;
  for (int64_t factor : factors) {
    if (__builtin_mul_overflow(out, factor, &out) || out > (int64_t{1} << 62)) fail("a size above 2^62");
  }
  return out;
}

}  // namespace dsnn::rules
