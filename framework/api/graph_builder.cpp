#include "dsnn/graph_builder.h"

#include <stdexcept>

#include "dsnn/op_table.h"

namespace dsnn {
namespace {

using List = std::vector<int64_t>;

Attributes pool_attributes(const GraphBuilder::Pool& pool) {
  return Attributes()
      .set("kernel", List{pool.kernel, pool.kernel})
      .set("stride", List{pool.stride, pool.stride})
      .set("padding", List{pool.padding, pool.padding});
}

}  // namespace

GraphBuilder::GraphBuilder(const Shape& input) {
  graph_.add_function("input", {});
  graph_.nodes.front().output = input;
}

int GraphBuilder::conv2d(int from, std::string name, int64_t out, Conv options) {
  Attributes attributes;
  attributes.set("in", shape(from).at(0))
      .set("out", out)
      .set("kernel", List{options.kernel, options.kernel})
      .set("stride", List{options.stride, options.stride})
      .set("padding", List{options.padding, options.padding})
      .set("dilation", List{options.dilation, options.dilation})
      .set("groups", options.groups)
      .set("bias", int64_t{options.bias})
      .set("padding_mode", std::string("zeros"));
  return add_layer(from, {.name = std::move(name),
                          .type = "conv2d",
                          .attributes = std::move(attributes),
                          .numeric = {.arithmetic = Arithmetic::multiply},
                          .op = "",
                          .role = std::move(options.role)});
}

int GraphBuilder::linear(int from, std::string name, int64_t out, Linear options) {
  Attributes attributes;
  attributes.set("in", shape(from).back()).set("out", out).set("bias", int64_t{options.bias});
  return add_layer(from, {.name = std::move(name),
                          .type = "linear",
                          .attributes = std::move(attributes),
                          .numeric = {.arithmetic = Arithmetic::multiply},
                          .op = "",
                          .role = std::move(options.role)});
}

int GraphBuilder::batch_norm(int from, std::string name, Norm options) {
  Attributes attributes;
  attributes.set("channels", shape(from).at(0)).set("eps", options.eps).set("momentum", options.momentum);
  return add_layer(from, {.name = std::move(name),
                          .type = "batch_norm",
                          .attributes = std::move(attributes),
                          .numeric = {.arithmetic = Arithmetic::multiply},
                          .op = "",
                          .role = "norm"});
}

int GraphBuilder::relu(int from) { return add_function("relu", {from}); }
int GraphBuilder::add(int a, int b) { return add_function("add", {a, b}); }
int GraphBuilder::concat(std::vector<int> from) { return add_function("concat", std::move(from)); }
int GraphBuilder::flatten(int from) { return add_function("flatten", {from}); }
int GraphBuilder::dropout(int from, double p) { return add_function("dropout", {from}, Attributes().set("p", p)); }
int GraphBuilder::max_pool(int from, Pool options) {
  return add_function("max_pool", {from}, pool_attributes(options));
}
int GraphBuilder::avg_pool(int from, Pool options) {
  return add_function("avg_pool", {from}, pool_attributes(options));
}
int GraphBuilder::global_avg_pool(int from) { return add_function("global_avg_pool", {from}); }

int GraphBuilder::subsample_pad(int from, int64_t stride, int64_t before, int64_t after) {
  return add_function("subsample_pad", {from},
                      Attributes().set("stride", stride).set("before", before).set("after", after));
}

const Shape& GraphBuilder::shape(int node) const { return graph_.nodes.at(static_cast<size_t>(node)).output; }

void GraphBuilder::output(std::string name, int node) {
  graph_.outputs.push_back({.name = std::move(name), .node = node});
}

Graph GraphBuilder::finish(int logits) {
  output("logits", logits);
  graph_.infer_shapes(Shape(graph_.nodes.front().output));
  return std::move(graph_);
}

int GraphBuilder::add_layer(int from, LayerSpec layer) {
  check_layer(layer);
  return shaped(graph_.add_node(graph_.add_layer(std::move(layer)), {from}, block_));
}

int GraphBuilder::add_function(std::string function, std::vector<int> from, Attributes attributes) {
  Node node;
  node.function = std::move(function);
  node.inputs = std::move(from);
  node.attributes = std::move(attributes);
  node.block = block_;
  check_function(node);
  graph_.nodes.push_back(std::move(node));
  return shaped(static_cast<int>(graph_.nodes.size()) - 1);
}

int GraphBuilder::shaped(int node) {
  try {
    graph_.nodes.back().output = shape_of(graph_, static_cast<size_t>(node));
  } catch (const std::invalid_argument&) {
    if (graph_.nodes.back().layer >= 0) graph_.layers.pop_back();
    graph_.nodes.pop_back();
    throw;
  }
  return node;
}

}  // namespace dsnn
