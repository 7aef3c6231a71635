#include "dsnn/op_table.h"

#include <algorithm>
#include <array>

#include "dsnn/error.h"
#include "op_rules.h"

namespace dsnn {
namespace {

using rules::fail;
using Type = AttributeType;

constexpr std::string_view kPaddingModes = "zeros|reflect|replicate|circular";

constexpr AttributeRule required(std::string_view key, Type type, double least, double most = 1 << 24) {
  return {.key = key, .type = type, .required = true, .least = least, .most = most};
}
constexpr AttributeRule optional(std::string_view key, Type type, double least, double fallback) {
  return {.key = key, .type = type, .least = least, .fallback = fallback};
}
constexpr AttributeRule flag(std::string_view key, double fallback) {
  return {.key = key, .most = 1, .fallback = fallback};
}
constexpr AttributeRule one_of(std::string_view key, std::string_view choices) {
  return {.key = key, .type = Type::text, .choices = choices};
}
constexpr AttributeRule kBias = required("bias", Type::integer, 0, 1);

constexpr std::array kConv2d = {required("in", Type::integer, 1),        required("out", Type::integer, 1),
                                required("kernel", Type::pair, 1),       optional("stride", Type::pair, 1, 1),
                                optional("padding", Type::sides, 0, 0),  optional("dilation", Type::pair, 1, 1),
                                optional("groups", Type::integer, 1, 1), kBias,
                                one_of("padding_mode", kPaddingModes)};
constexpr std::array kConv1d = {required("in", Type::integer, 1),        required("out", Type::integer, 1),
                                required("kernel", Type::integer, 1),    optional("stride", Type::integer, 1, 1),
                                optional("padding", Type::pair, 0, 0),   optional("dilation", Type::integer, 1, 1),
                                optional("groups", Type::integer, 1, 1), kBias,
                                one_of("padding_mode", kPaddingModes)};
constexpr std::array kConvTranspose2d = {required("in", Type::integer, 1),
                                         required("out", Type::integer, 1),
                                         required("kernel", Type::pair, 1),
                                         optional("stride", Type::pair, 1, 1),
                                         optional("padding", Type::pair, 0, 0),
                                         optional("output_padding", Type::pair, 0, 0),
                                         optional("dilation", Type::pair, 1, 1),
                                         optional("groups", Type::integer, 1, 1),
                                         kBias};
constexpr std::array kLinear = {required("in", Type::integer, 1), required("out", Type::integer, 1), kBias};
constexpr std::array kBatchNorm = {required("channels", Type::integer, 1), required("eps", Type::number, 0),
                                   required("momentum", Type::number, 0)};
constexpr std::array kPrelu = {required("channels", Type::integer, 1)};
constexpr std::array kDropout = {required("p", Type::number, 0, 1)};
constexpr std::array kMaxPool = {required("kernel", Type::pair, 1), required("stride", Type::pair, 1),
                                 optional("padding", Type::pair, 0, 0), optional("dilation", Type::pair, 1, 1),
                                 flag("ceil_mode", 0)};
constexpr std::array kAvgPool = {required("kernel", Type::pair, 1), required("stride", Type::pair, 1),
                                 optional("padding", Type::pair, 0, 0), flag("ceil_mode", 0),
                                 flag("count_include_pad", 1)};
constexpr std::array kAdaptivePool = {required("size", Type::pair, 1)};
constexpr std::array kSubsamplePad = {required("stride", Type::integer, 1), required("before", Type::integer, 0),
                                      required("after", Type::integer, 0)};
constexpr std::array kPad = {required("padding", Type::sides, 0), one_of("mode", kPaddingModes),
                             optional("value", Type::number, -3e38, 0)};
constexpr std::array kSlice = {optional("axis", Type::integer, 0, 0), required("begin", Type::integer, 0),
                               required("end", Type::integer, 1), optional("step", Type::integer, 1, 1)};
constexpr std::array kChunk = {optional("axis", Type::integer, 0, 0), required("chunks", Type::integer, 1),
                               required("index", Type::integer, 0)};
constexpr std::array kShuffle = {required("groups", Type::integer, 1)};
constexpr std::array kResponseNorm = {required("size", Type::integer, 1), optional("alpha", Type::number, 0, 1e-4),
                                      optional("beta", Type::number, 0, 0.75), optional("k", Type::number, 0, 1)};
constexpr std::array kUpsample = {optional("scale", Type::pair, 0, 0), optional("size", Type::pair, 0, 0),
                                  one_of("mode", "nearest|bilinear"), flag("align_corners", 0)};
constexpr std::array kGelu = {one_of("approximate", "none|tanh")};

constexpr int kMany = 1 << 20;
constexpr auto kLayer = Op::Kind::layer;

constexpr std::array kOps = {
    Op{.name = "input", .least_inputs = 0, .most_inputs = 0, .shape = rules::same, .output_may_alias = true},
    Op{.name = "identity", .shape = rules::same, .output_may_alias = true},
    Op{.name = "relu", .shape = rules::same, .backward_needs_output = true},
    Op{.name = "relu6", .shape = rules::same},
    Op{.name = "hard_sigmoid", .shape = rules::same},
    Op{.name = "hard_swish", .shape = rules::same},
    Op{.name = "sigmoid", .shape = rules::same, .backward_needs_output = true},
    Op{.name = "silu", .shape = rules::same},
    Op{.name = "gelu", .attributes = kGelu, .shape = rules::same},
    Op{.name = "log_softmax", .shape = rules::same, .backward_needs_output = true},
    Op{.name = "dropout",
       .attributes = kDropout,
       .check = rules::check_dropout,
       .shape = rules::same,
       .output_may_alias = true},
    Op{.name = "local_response_norm", .attributes = kResponseNorm, .shape = rules::same_image},
    Op{.name = "add", .least_inputs = 2, .most_inputs = kMany, .shape = rules::sum},
    Op{.name = "mul", .least_inputs = 2, .most_inputs = 2, .shape = rules::scaled},
    Op{.name = "concat", .least_inputs = 2, .most_inputs = kMany, .shape = rules::joined},
    Op{.name = "flatten", .shape = rules::flat, .output_may_alias = true},
    Op{.name = "slice",
       .attributes = kSlice,
       .check = rules::check_slice,
       .shape = rules::sliced,
       .output_may_alias = true},
    Op{.name = "chunk",
       .attributes = kChunk,
       .check = rules::check_chunk,
       .shape = rules::chunked,
       .output_may_alias = true},
    Op{.name = "channel_shuffle", .attributes = kShuffle, .shape = rules::shuffled, .output_may_alias = true},
    Op{.name = "pad", .attributes = kPad, .shape = rules::padded, .output_may_alias = true},
    Op{.name = "subsample_pad", .attributes = kSubsamplePad, .shape = rules::subsampled},
    Op{.name = "upsample", .attributes = kUpsample, .check = rules::check_upsample, .shape = rules::upsampled},
    Op{.name = "max_pool", .attributes = kMaxPool, .check = rules::check_pool, .shape = rules::pooled},
    Op{.name = "avg_pool", .attributes = kAvgPool, .check = rules::check_pool, .shape = rules::pooled},
    Op{.name = "adaptive_max_pool", .attributes = kAdaptivePool, .shape = rules::pooled_to_size},
    Op{.name = "adaptive_avg_pool", .attributes = kAdaptivePool, .shape = rules::pooled_to_size},
    Op{.name = "global_max_pool", .shape = rules::pooled_to_one, .backward_needs_output = true},
    Op{.name = "global_avg_pool", .shape = rules::pooled_to_one},
    Op{.name = "conv2d",
       .kind = kLayer,
       .attributes = kConv2d,
       .check = rules::check_convolution,
       .shape = rules::convolution,
       .weight = rules::convolution_weight,
       .macs = rules::macs_per_output},
    Op{.name = "conv1d",
       .kind = kLayer,
       .attributes = kConv1d,
       .check = rules::check_convolution,
       .shape = rules::line_convolution,
       .weight = rules::line_weight,
       .macs = rules::macs_per_output},
    Op{.name = "conv_transpose2d",
       .kind = kLayer,
       .attributes = kConvTranspose2d,
       .check = rules::check_transposed,
       .shape = rules::transposed_convolution,
       .weight = rules::transposed_weight,
       .macs = rules::macs_per_input},
    Op{.name = "linear",
       .kind = kLayer,
       .attributes = kLinear,
       .shape = rules::linear,
       .weight = rules::linear_weight,
       .macs = rules::macs_per_output},
    Op{.name = "batch_norm",
       .kind = kLayer,
       .attributes = kBatchNorm,
       .shape = rules::per_channel,
       .parameters = [](const Attributes& a) { return 2 * a.integer("channels"); },
       .buffers = [](const Attributes& a) { return 2 * a.integer("channels"); }},
    Op{.name = "prelu",
       .kind = kLayer,
       .attributes = kPrelu,
       .shape = rules::one_or_per_channel,
       .parameters = [](const Attributes& a) { return a.integer("channels"); }},
};

const Attributes::Item* find(const Attributes& attributes, std::string_view key) {
  const auto found = attributes.items().find(std::string(key));
  return found == attributes.items().end() ? nullptr : &found->second;
}

std::string bound(double value) {
  return value == static_cast<double>(static_cast<int64_t>(value)) ? std::to_string(static_cast<int64_t>(value))
                                                                   : std::to_string(value);
}

/// " of at least 1", " from 0 to 1".
std::string range_text(const AttributeRule& rule) {
  if (rule.most == 1 << 24) return " of at least " + bound(rule.least);
  return " from " + bound(rule.least) + " to " + bound(rule.most);
}

bool inside(const AttributeRule& rule, double value) { return value >= rule.least && value <= rule.most; }

bool all_inside(const AttributeRule& rule, const Attributes::Item& item, std::initializer_list<size_t> sizes) {
  if (const int64_t* one = std::get_if<int64_t>(&item)) return inside(rule, static_cast<double>(*one));
  const auto* list = std::get_if<std::vector<int64_t>>(&item);
  return list != nullptr && std::find(sizes.begin(), sizes.end(), list->size()) != sizes.end() &&
         std::all_of(list->begin(), list->end(), [&](int64_t v) { return inside(rule, static_cast<double>(v)); });
}

bool is_choice(std::string_view choices, std::string_view word) {
  while (true) {
    const size_t bar = choices.find('|');
    if (choices.substr(0, bar) == word) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

std::string listed(std::string_view choices) {
  std::string out = "'";
  for (char c : choices) out += c == '|' ? std::string("', '") : std::string(1, c);
  return out + "'";
}

/// What an attribute must be, when it is not.
std::string complaint(const AttributeRule& rule, const Attributes::Item& item) {
  switch (rule.type) {
    case Type::integer:
      if (const int64_t* value = std::get_if<int64_t>(&item); value && inside(rule, static_cast<double>(*value))) break;
      return "a whole number" + range_text(rule);
    case Type::number: {
      const int64_t* whole = std::get_if<int64_t>(&item);
      const double* real = std::get_if<double>(&item);
      if (whole && inside(rule, static_cast<double>(*whole))) break;
      if (real && inside(rule, *real)) break;
      return "a number" + range_text(rule);
    }
    case Type::text:
      if (const auto* word = std::get_if<std::string>(&item); word && is_choice(rule.choices, *word)) break;
      return "one of " + listed(rule.choices);
    case Type::pair:
      if (all_inside(rule, item, {2})) break;
      return "two whole numbers" + range_text(rule);
    case Type::sides:
      if (all_inside(rule, item, {2, 4})) break;
      return "one, two or four whole numbers" + range_text(rule);
  }
  return "";
}

void check_attributes(const std::string& who, const Op& op, const Attributes& attributes) {
  for (const AttributeRule& rule : op.attributes) {
    const Attributes::Item* item = find(attributes, rule.key);
    if (item == nullptr && !rule.required) continue;
    const std::string expected = complaint(rule, item != nullptr ? *item : Attributes::Item(std::string()));
    if (!expected.empty()) fail(who + ": attribute '" + std::string(rule.key) + "' must be " + expected);
  }
  if (op.check != nullptr) op.check(who, completed(op, attributes));
}

Attributes::Item fallback_of(const AttributeRule& rule) {
  if (rule.type == Type::text) return std::string(rule.choices.substr(0, rule.choices.find('|')));
  if (rule.type == Type::number) return rule.fallback;
  return static_cast<int64_t>(rule.fallback);
}

Attributes::Item in_full(const AttributeRule& rule, Attributes::Item item) {
  if (const int64_t* one = std::get_if<int64_t>(&item)) {
    if (rule.type == Type::pair) return std::vector<int64_t>{*one, *one};
    if (rule.type == Type::sides) return std::vector<int64_t>{*one, *one, *one, *one};
  } else if (const auto* list = std::get_if<std::vector<int64_t>>(&item)) {
    if (rule.type == Type::sides && list->size() == 2) {
      return std::vector<int64_t>{(*list)[0], (*list)[0], (*list)[1], (*list)[1]};
    }
  }
  return item;
}

/// The row whose shape rule an operator's layer of another type names.
const Op* like(const LayerSpec& layer) {
  const Attributes::Item* item = find(layer.attributes, "like");
  const auto* name = item == nullptr ? nullptr : std::get_if<std::string>(item);
  const Op* op = name == nullptr ? nullptr : find_op(*name);
  return op != nullptr && op->least_inputs == 1 ? op : nullptr;
}

void check_described(const std::string& who, const LayerSpec& layer) {
  const Op* op = like(layer);
  if (op == nullptr) {
    fail(who +
         ": no rule covers this type; name it '<operator>.conv2d' or after another layer type, or give it the "
         "attributes 'like', 'macs_per_output' and 'parameters'");
  }
  constexpr std::array kCounts = {required("macs_per_output", Type::integer, 0, 1e15),
                                  required("parameters", Type::integer, 0, 1e15)};
  check_attributes(who, Op{.name = layer.type, .attributes = kCounts}, layer.attributes);
  check_attributes(who, *op, layer.attributes);
}

}  // namespace

std::span<const Op> op_table() { return kOps; }

const Op* find_op(std::string_view name) {
  const auto found = std::find_if(kOps.begin(), kOps.end(), [&](const Op& op) { return op.name == name; });
  return found == kOps.end() ? nullptr : &*found;
}

const Op* layer_op(const LayerSpec& layer) {
  const std::string_view type = layer.type;
  const size_t dot = type.rfind('.');
  const Op* op = find_op(dot == std::string_view::npos ? type : type.substr(dot + 1));
  return op != nullptr && op->kind == Op::Kind::layer ? op : nullptr;
}

bool is_weighted(const LayerSpec& layer) {
  const Op* op = layer_op(layer);
  return op != nullptr && op->weight != nullptr;
}

bool is_convolution(const LayerSpec& layer) { return is_weighted(layer) && weight_shape(layer).size() > 2; }

Shape weight_shape(const LayerSpec& layer) {
  const Op* op = layer_op(layer);
  DSNN_ASSERT(op != nullptr && op->weight != nullptr);
  return op->weight(completed(*op, layer.attributes));
}

Attributes completed(const Op& op, const Attributes& attributes) {
  Attributes out = attributes;
  for (const AttributeRule& rule : op.attributes) {
    const Attributes::Item* item = find(attributes, rule.key);
    out.set(std::string(rule.key), in_full(rule, item != nullptr ? *item : fallback_of(rule)));
  }
  return out;
}

void check_layer(const LayerSpec& layer) {
  const std::string who = "layer '" + layer.name + "' (" + layer.type + ")";
  const Op* op = layer_op(layer);
  if (op == nullptr) return check_described(who, layer);
  check_attributes(who, *op, layer.attributes);
}

void check_function(const Node& node) {
  const Op* op = find_op(node.function);
  if (op == nullptr || op->kind != Op::Kind::function) fail("unknown function '" + node.function + "'");
  const std::string who = "function '" + node.function + "'";
  const int inputs = static_cast<int>(std::min<size_t>(node.inputs.size(), kMany));
  if (inputs < op->least_inputs || inputs > op->most_inputs) fail(who + " has " + std::to_string(inputs) + " inputs");
  check_attributes(who, *op, node.attributes);
}

Shape shape_of(const Graph& graph, size_t index) {
  const Node& node = graph.nodes[index];
  const std::string who = describe(graph, index);
  std::vector<Shape> in;
  for (int input : node.inputs) {
    in.push_back(graph.nodes[static_cast<size_t>(input)].output);
    if (in.back().empty()) fail(who + ": its input has no shape yet");
  }
  if (node.layer < 0) {
    const Op* op = find_op(node.function);
    DSNN_ASSERT(op != nullptr);
    return op->shape(who, completed(*op, node.attributes), in);
  }
  const LayerSpec& layer = graph.layers[static_cast<size_t>(node.layer)];
  const Op* op = layer_op(layer);
  if (op == nullptr) op = like(layer);
  DSNN_ASSERT(op != nullptr);
  return op->shape(who, completed(*op, layer.attributes), in);
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

}  // namespace dsnn
