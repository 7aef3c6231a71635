#include "dsnn/op_table.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "dsnn/graph_builder.h"
#include "support/random_graph.h"

namespace dsnn {
namespace {

std::string problem_of(const std::string& function, Attributes attributes, const Shape& input = {4, 5, 6}) {
  GraphBuilder net(input);
  try {
    net.add_function(function, {0}, std::move(attributes));
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

Shape shape_of(const std::string& function, Attributes attributes, const Shape& input = {4, 5, 6}) {
  GraphBuilder net(input);
  return net.shape(net.add_function(function, {0}, std::move(attributes)));
}

LayerSpec layer(const std::string& type, Attributes attributes) {
  LayerSpec out;
  out.name = "layer";
  out.type = type;
  out.attributes = std::move(attributes);
  return out;
}

std::string problem_of(const LayerSpec& spec, const Shape& input = {4, 5, 6}) {
  GraphBuilder net(input);
  try {
    net.add_layer(0, spec);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

using Ints = std::vector<int64_t>;

Attributes conv(int64_t in, int64_t out, int64_t kernel) {
  return Attributes().set("in", in).set("out", out).set("kernel", kernel).set("bias", int64_t{0});
}

TEST(OpTable, HasEveryRowOnceWithARuleForItsShape) {
  std::set<std::string_view> names;
  for (const Op& op : op_table()) {
    EXPECT_TRUE(names.insert(op.name).second) << op.name;
    EXPECT_NE(op.shape, nullptr) << op.name;
    EXPECT_EQ(op.weight != nullptr, op.macs != nullptr) << op.name;
  }
}

TEST(OpTable, FillsInWhatIsLeftOut) {
  const Attributes full = completed(*find_op("conv2d"), conv(3, 8, 5));
  EXPECT_EQ(full.integers("kernel"), (Ints{5, 5}));
  EXPECT_EQ(full.integers("stride"), (Ints{1, 1}));
  EXPECT_EQ(full.integers("padding"), (Ints{0, 0, 0, 0}));
  EXPECT_EQ(full.integer("groups"), 1);
  EXPECT_EQ(full.text("padding_mode"), "zeros");
  EXPECT_EQ(completed(*find_op("conv2d"), conv(3, 8, 5).set("padding", Ints{1, 2})).integers("padding"),
            (Ints{1, 1, 2, 2}));
}

TEST(OpTable, ShapesFollowPyTorchsRules) {
  const auto pool = [] { return Attributes().set("kernel", int64_t{3}).set("stride", int64_t{2}); };
  EXPECT_EQ(shape_of("max_pool", pool()), (Shape{4, 2, 2}));
  EXPECT_EQ(shape_of("max_pool", pool().set("ceil_mode", int64_t{1})), (Shape{4, 2, 3}));
  EXPECT_EQ(shape_of("avg_pool", pool().set("padding", int64_t{1}).set("ceil_mode", int64_t{1})), (Shape{4, 3, 4}));
  EXPECT_EQ(shape_of("adaptive_avg_pool", Attributes().set("size", Ints{2, 3})), (Shape{4, 2, 3}));
  EXPECT_EQ(shape_of("pad", Attributes().set("padding", Ints{1, 2, 3, 4})), (Shape{4, 8, 13}));
  EXPECT_EQ(shape_of("slice", Attributes().set("begin", int64_t{1}).set("end", int64_t{4}).set("step", int64_t{2})),
            (Shape{2, 5, 6}));
  EXPECT_EQ(shape_of("chunk", Attributes().set("axis", int64_t{1}).set("chunks", int64_t{2}).set("index", int64_t{1})),
            (Shape{4, 2, 6}));
  EXPECT_EQ(shape_of("upsample", Attributes().set("scale", int64_t{2})), (Shape{4, 10, 12}));
  EXPECT_EQ(shape_of("channel_shuffle", Attributes().set("groups", int64_t{2})), (Shape{4, 5, 6}));
}

TEST(OpTable, SaysWhatAnAttributeMustBe) {
  EXPECT_EQ(problem_of("slice", Attributes().set("begin", int64_t{3}).set("end", int64_t{2})),
            "function 'slice': 'end' must be above 'begin'");
  EXPECT_EQ(problem_of("slice", Attributes().set("begin", int64_t{0}).set("end", int64_t{9})),
            "node 1 (slice): 'end' is 9, but the shape is [4, 5, 6]");
  EXPECT_EQ(problem_of("gelu", Attributes().set("approximate", std::string("erf"))),
            "function 'gelu': attribute 'approximate' must be one of 'none', 'tanh'");
  EXPECT_EQ(problem_of("dropout", Attributes().set("p", 1.5)),
            "function 'dropout': attribute 'p' must be a number from 0 to 1");
  EXPECT_EQ(problem_of("max_pool", Attributes().set("stride", int64_t{1})),
            "function 'max_pool': attribute 'kernel' must be two whole numbers of at least 1");
  EXPECT_EQ(problem_of("upsample", Attributes().set("scale", Ints{2, 0})),
            "function 'upsample': expected either 'scale' or 'size', of at least 1");
  EXPECT_EQ(problem_of("chunk", Attributes().set("chunks", int64_t{3}).set("index", int64_t{2}), {4}),
            "node 1 (chunk): 4 values give fewer than 3 chunks of 2");
  EXPECT_EQ(problem_of("channel_shuffle", Attributes().set("groups", int64_t{3})),
            "node 1 (channel_shuffle): 3 groups do not divide 4 channels");
  EXPECT_EQ(problem_of("global_avg_pool", {}, {4}),
            "node 1 (global_avg_pool): expected channels x height x width, got the shape [4]");
}

TEST(OpTable, APaddingModeThatRepeatsTheImageNeedsEnoughOfIt) {
  EXPECT_EQ(problem_of("pad", Attributes().set("padding", int64_t{5}).set("mode", std::string("reflect"))),
            "node 1 (pad): padding_mode 'reflect' cannot pad 5 values by 5");
  EXPECT_EQ(problem_of("pad", Attributes().set("padding", int64_t{5}).set("mode", std::string("circular"))), "");
  EXPECT_EQ(problem_of(
                layer("conv2d", conv(4, 2, 3).set("padding", int64_t{6}).set("padding_mode", std::string("circular")))),
            "node 1 (layer): padding_mode 'circular' cannot pad 5 values by 6");
}

TEST(OpTable, RefusesADilatedPoolWhoseWindowSeesPaddingOnly) {
  const Attributes pool = Attributes()
                              .set("kernel", int64_t{2})
                              .set("stride", int64_t{2})
                              .set("padding", int64_t{1})
                              .set("dilation", Ints{4, 1});
  EXPECT_EQ(problem_of("max_pool", pool, {1, 3, 4}),
            "node 1 (max_pool): a window of 2 with dilation 4 lies in the padding altogether");
  EXPECT_EQ(problem_of("max_pool", pool, {1, 4, 4}), "");
}

TEST(OpTable, CountsTransposedConvolutionsByTheirInputs) {
  GraphBuilder net({4, 5, 6});
  const int at = net.add_layer(0, layer("conv_transpose2d", conv(4, 2, 3).set("stride", int64_t{2})));
  const Graph graph = net.finish(at);
  EXPECT_EQ(graph.nodes[1].output, (Shape{2, 11, 13}));
  EXPECT_EQ(count(graph, 0).macs, 4 * 5 * 6 * 2 * 9);
  EXPECT_EQ(count(graph, 0).parameters, 4 * 2 * 9);
}

TEST(OpTable, CountsALineConvolutionAndItsNorm) {
  GraphBuilder net({4, 1, 16});
  int at = net.add_layer(0, layer("conv1d", conv(4, 8, 5).set("padding", int64_t{2}).set("groups", int64_t{2})));
  at = net.batch_norm(at, "norm", {});
  const Graph graph = net.finish(at);
  EXPECT_EQ(graph.nodes[1].output, (Shape{8, 1, 16}));
  EXPECT_EQ(count(graph, 0).macs, 8 * 16 * 2 * 5);
  EXPECT_EQ(count(graph, 1).parameters, 16);
  EXPECT_EQ(count(graph, 1).buffers, 16);
}

TEST(OpTable, ATypeThatNoRuleCoversIsAnErrorAndNeverCountsNothing) {
  EXPECT_EQ(problem_of(layer("acme.spread", {})),
            "layer 'layer' (acme.spread): no rule covers this type; name it '<operator>.conv2d' or after another layer "
            "type, or give it the attributes 'like', 'macs_per_output' and 'parameters'");
  const auto described = [] { return Attributes().set("like", std::string("identity")); };
  EXPECT_EQ(
      problem_of(layer("acme.spread", described())),
      "layer 'layer' (acme.spread): attribute 'macs_per_output' must be a whole number from 0 to 1000000000000000");
  GraphBuilder net({4, 5, 6});
  const int at = net.add_layer(
      0, layer("acme.spread", described().set("macs_per_output", int64_t{9}).set("parameters", int64_t{7})));
  const Graph graph = net.finish(at);
  EXPECT_EQ(graph.nodes[1].output, (Shape{4, 5, 6}));
  EXPECT_EQ(count(graph, 0).macs, 9 * 4 * 5 * 6);
  EXPECT_EQ(count(graph, 0).parameters, 7);
}

TEST(GraphBuilder, ACallThatThrowsAddsNothing) {
  GraphBuilder net({4, 5, 6});
  EXPECT_THROW(net.conv2d(0, "large", 2, {.kernel = 9}), std::invalid_argument);
  EXPECT_THROW(net.add_function("concat", {0}), std::invalid_argument);
  const Graph graph = net.finish(net.conv2d(0, "small", 2, {}));
  EXPECT_EQ(graph.layers.size(), 1u);
  EXPECT_EQ(graph.nodes.size(), 2u);
}

TEST(RandomGraph, ReadsBackFromJsonWithTheSameShapesAndCounts) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const Graph graph = test::random_graph(seed);
    const Graph again = Graph::from_json(parse_json(to_json(graph.to_json())));
    ASSERT_EQ(to_canonical_json(again.to_json()), to_canonical_json(graph.to_json())) << seed;
    const std::vector<LayerCount> before = counts(graph), after = counts(again);
    for (size_t i = 0; i < before.size(); ++i) ASSERT_EQ(before[i].macs, after[i].macs) << seed;
  }
}

}  // namespace
}  // namespace dsnn
