#include "dsnn/graph.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "dsnn/graph_builder.h"

namespace dsnn {
namespace {

/// input -> conv1 -> relu -> conv2 -> add(relu) -> pool -> fc
Graph small_graph() {
  GraphBuilder net({3, 8, 8});
  const int stem = net.relu(net.conv2d(0, "conv1", 4, {.padding = 1, .bias = false, .role = "stem"}));
  net.begin_block("block1");
  const int body = net.add(net.conv2d(stem, "conv2", 4, {.padding = 1}), stem);
  net.begin_block("");
  return net.finish(net.linear(net.flatten(net.global_avg_pool(body)), "fc", 10, {.role = "classifier"}));
}

std::string problem_of(const Graph& graph) {
  try {
    graph.validate();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

LayerSpec linear_spec(const std::string& name, int64_t in, int64_t out) {
  LayerSpec spec;
  spec.name = name;
  spec.type = "linear";
  spec.attributes.set("in", in).set("out", out).set("bias", int64_t{0});
  return spec;
}

TEST(Attributes, ReadBackWhatWasSet) {
  Attributes a;
  a.set("in", int64_t{3}).set("p", 0.25).set("mode", std::string("zeros")).set("kernel", std::vector<int64_t>{5, 3});
  EXPECT_EQ(a.integer("in"), 3);
  EXPECT_EQ(a.integer("groups", 1), 1);
  EXPECT_EQ(a.number("in"), 3.0);
  EXPECT_EQ(a.number("p"), 0.25);
  EXPECT_EQ(a.text("mode"), "zeros");
  EXPECT_EQ(a.text("other", "none"), "none");
  EXPECT_EQ(a.integers("kernel"), (std::vector<int64_t>{5, 3}));
}

TEST(Graph, InfersShapesOfLayersAndFunctions) {
  GraphBuilder net({2, 9, 7});
  const int conv = net.conv2d(0, "c", 6, {.kernel = 3, .stride = 2, .padding = 1});
  EXPECT_EQ(net.shape(conv), (Shape{6, 5, 4}));
  EXPECT_EQ(net.shape(net.max_pool(conv, {})), (Shape{6, 2, 2}));
  EXPECT_EQ(net.shape(net.subsample_pad(conv, 2, 3, 3)), (Shape{12, 3, 2}));
  EXPECT_EQ(net.shape(net.concat({conv, conv})), (Shape{12, 5, 4}));
  EXPECT_EQ(net.shape(net.global_avg_pool(conv)), (Shape{6, 1, 1}));
  EXPECT_EQ(net.shape(net.flatten(conv)), (Shape{120}));
  EXPECT_EQ(net.shape(net.batch_norm(conv, "n", {})), (Shape{6, 5, 4}));
}

TEST(Graph, NamesTheNodeWhoseShapesDoNotFit) {
  GraphBuilder net({3, 8, 8});
  const int a = net.conv2d(0, "a", 4, {.padding = 1});
  const int b = net.conv2d(0, "b", 4, {.stride = 2, .padding = 1});
  try {
    net.add(a, b);
    FAIL() << "4x8x8 and 4x4x4 were added";
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "node 3 (add): the shapes [4, 8, 8] and [4, 4, 4] do not fit");
  }
  EXPECT_THROW(net.conv2d(b, "c", 4, {.kernel = 7}), std::invalid_argument);
}

TEST(Graph, CountsWithoutBiasNormAndPooling) {
  const Graph graph = small_graph();
  EXPECT_EQ(count(graph, 0).macs, 4 * 8 * 8 * 3 * 9);
  EXPECT_EQ(count(graph, 0).parameters, 4 * 3 * 9);
  EXPECT_EQ(count(graph, 1).parameters, 4 * 4 * 9 + 4);
  EXPECT_EQ(count(graph, 2).macs, 40);
  EXPECT_EQ(count(graph, 2).outputs, 10);
}

TEST(Graph, CountsAnOperatorsLayerLikeTheOneItReplaces) {
  Graph graph = small_graph();
  const LayerCount before = count(graph, 0);
  graph.layers[0].type = "deepshift.conv2d";
  EXPECT_EQ(count(graph, 0).macs, before.macs);
  EXPECT_EQ(count(graph, 0).parameters, before.parameters);
}

TEST(Graph, CountsGroupedConvolutionsByTheirShareOfTheInput) {
  GraphBuilder net({8, 4, 4});
  const Graph graph = net.finish(net.flatten(net.conv2d(0, "dw", 8, {.padding = 1, .groups = 8, .bias = false})));
  EXPECT_EQ(count(graph, 0).macs, 8 * 4 * 4 * 9);
  EXPECT_EQ(count(graph, 0).parameters, 8 * 9);
}

TEST(Graph, ReplacesOneLayerByOneAndKeepsItsName) {
  Graph graph = small_graph();
  LayerSpec shift = graph.layers[1];
  shift.name.clear();
  shift.role.clear();
  shift.type = "deepshift.conv2d";
  shift.op = "deepshift";
  Node node;
  node.layer = 0;
  node.inputs = {-1};
  graph.replace(1, {.layers = {shift}, .nodes = {node}});
  EXPECT_EQ(graph.layers[1].name, "conv2");
  EXPECT_EQ(graph.layers[1].type, "deepshift.conv2d");
  EXPECT_EQ(graph.layers[1].role, "body");
  EXPECT_EQ(graph.node_of(1)->block, "block1");
  EXPECT_EQ(graph.output("logits")->node, static_cast<int>(graph.nodes.size()) - 1);
  EXPECT_EQ(problem_of(graph), "");
}

TEST(Graph, ReplacesOneLayerByAChainInItsPlace) {
  Graph graph = small_graph();
  Node first, relu, second;
  first.layer = 0;
  first.inputs = {-1};
  relu.function = "relu";
  relu.inputs = {0};
  second.layer = 1;
  second.inputs = {1};
  graph.replace(2, {.layers = {linear_spec("u", 4, 2), linear_spec("v", 2, 10)}, .nodes = {first, relu, second}});
  EXPECT_EQ(problem_of(graph), "");
  EXPECT_EQ(graph.layers[2].name, "fc.u");
  EXPECT_EQ(graph.layers[3].name, "fc.v");
  EXPECT_EQ(graph.nodes[static_cast<size_t>(graph.output("logits")->node)].output, (Shape{10}));
  EXPECT_EQ(count(graph, 3).macs, 20);
}

TEST(Graph, ReplacingAnInnerLayerMovesLaterNodesAndLayers) {
  Graph graph = small_graph();
  LayerSpec pointwise = graph.layers[0], spatial = graph.layers[0];
  pointwise.name = "point";
  pointwise.attributes.set("kernel", std::vector<int64_t>{1, 1}).set("padding", std::vector<int64_t>{0, 0});
  spatial.name = "";
  spatial.attributes.set("in", int64_t{4});
  Node a, b;
  a.layer = 0;
  a.inputs = {-1};
  b.layer = 1;
  b.inputs = {0};
  graph.replace(0, {.layers = {pointwise, spatial}, .nodes = {a, b}});
  EXPECT_EQ(problem_of(graph), "");
  EXPECT_EQ(graph.layers[0].name, "conv1.point");
  EXPECT_EQ(graph.layers[1].name, "conv1");
  EXPECT_EQ(graph.layers[2].name, "conv2");
  EXPECT_EQ(graph.nodes[static_cast<size_t>(graph.output("logits")->node)].layer, 3);
}

TEST(Graph, ReplacingManyAtOnceIsReplacingOneAfterTheOther) {
  Graph one_by_one = small_graph(), at_once = small_graph();
  LayerSpec shift = one_by_one.layers[0];
  shift.name.clear();
  shift.type = "deepshift.conv2d";
  const Subgraph single{.layers = {shift}, .nodes = {}};
  Node first, second;
  first.layer = 0;
  first.inputs = {-1};
  second.layer = 1;
  second.inputs = {0};
  const Subgraph chain{.layers = {linear_spec("u", 4, 2), linear_spec("v", 2, 10)}, .nodes = {first, second}};
  one_by_one.replace(2, chain);
  one_by_one.replace(0, single);
  at_once.replace(std::map<int, Subgraph>{{0, single}, {2, chain}});
  EXPECT_EQ(to_canonical_json(at_once.to_json()), to_canonical_json(one_by_one.to_json()));
  EXPECT_EQ(at_once.layers[3].name, "fc.v");
}

TEST(Graph, RefusesBrokenInvariants) {
  Graph graph = small_graph();
  graph.layers[1].name = "conv1";
  EXPECT_EQ(problem_of(graph), "two layers are named 'conv1'");
  graph = small_graph();
  graph.nodes[2].inputs = {5};
  EXPECT_EQ(problem_of(graph), "node 2 (relu) reads node 5, which does not precede it");
  graph = small_graph();
  graph.nodes[2].function = "swish";
  EXPECT_EQ(problem_of(graph), "unknown function 'swish'");
  graph = small_graph();
  graph.layers.push_back(linear_spec("unused", 1, 1));
  EXPECT_EQ(problem_of(graph), "no node runs layer 'unused'");
  graph = small_graph();
  graph.outputs[0].node = 99;
  EXPECT_EQ(problem_of(graph), "output 'logits' is node 99, which does not exist");
  graph = small_graph();
  graph.layers[0].attributes.set("groups", int64_t{2});
  EXPECT_EQ(problem_of(graph), "layer 'conv1' (conv2d): 2 groups do not divide 3 and 4 channels");
}

TEST(Graph, JsonReadsBackToTheSameGraph) {
  const Graph graph = small_graph();
  const Graph again = Graph::from_json(parse_json(to_json(graph.to_json())));
  EXPECT_EQ(to_canonical_json(again.to_json()), to_canonical_json(graph.to_json()));
  EXPECT_EQ(again.digest(), graph.digest());
}

TEST(Graph, DigestFollowsAttributesButNotTheInputSize) {
  Graph graph = small_graph();
  const std::string digest = graph.digest();
  EXPECT_EQ(digest.size(), 32u);
  graph.infer_shapes({3, 16, 16});
  EXPECT_EQ(graph.digest(), digest);
  graph.layers[0].attributes.set("stride", std::vector<int64_t>{2, 2});
  EXPECT_NE(graph.digest(), digest);
}

TEST(Graph, RefusesDamagedJson) {
  const std::string good = to_json(small_graph().to_json());
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"\"in\":3", "\"in\":\"x\""},
                                 {"\"in\":3", "\"in\":99999999999"},
                                 {"\"layers\"", "\"lairs\""},
                                 {"\"inputs\":[0]", "\"inputs\":[-7]"},
                                 {"\"multiply\"", "\"divide\""},
                                 {"\"kernel\":[3,3]", "\"kernel\":[3]"}}) {
    std::string bad = good;
    const size_t at = bad.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    bad.replace(at, from.size(), to);
    EXPECT_THROW(Graph::from_json(parse_json(bad)), std::invalid_argument) << to;
  }
}

}  // namespace
}  // namespace dsnn
