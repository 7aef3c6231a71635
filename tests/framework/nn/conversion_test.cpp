#include "nn/conversion.h"

#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <stdexcept>

#include "dsnn/error.h"
#include "dsnn/graph_builder.h"
#include "dsnn/op_table.h"
#include "dsnn/operator.h"
#include "dsnn/weighted_op.h"
#include "nn/model.h"
#include "nn/network.h"

namespace dsnn::nn {
namespace {

/// Computes with half of its float weight, without bias: "halve.conv2d", "halve.linear".
class HalvedLayer : public Layer {
 public:
  HalvedLayer(const LayerSpec& spec, OwnTensors& own) : op_(spec), weight_(own.parameter("half", op_.weight_shape())) {}
  at::Tensor forward(std::span<const at::Tensor> in, const StepContext&) override { return op_(in[0], weight_, {}); }
  std::vector<LayerParameter> parameters() override { return {{"half", weight_, Role::weight}}; }
  std::vector<NamedTensor> buffers() override { return {}; }

 private:
  WeightedOp op_;
  at::Tensor weight_;
};

class Halve : public Operator {
 public:
  bool accepts(const LayerSpec& layer) const override { return is_weighted(layer); }
  Subgraph expand(const LayerSpec& layer, const Tensors*, const Prepared&) const override {
    LayerSpec made = layer;
    made.name.clear();
    made.type = "halve." + layer.type;
    return {.layers = {made}, .nodes = {}};
  }
  Converted convert(const LayerSpec&, const Tensors& source, const Subgraph&, Rng&) const override {
    return {.tensors = {{"half", source.at("weight").mul(0.5)}}, .warnings = {"half of it is lost"}};
  }
  std::unique_ptr<Layer> make(const LayerSpec& layer, OwnTensors& own) const override {
    return std::make_unique<HalvedLayer>(layer, own);
  }
};

/// A linear layer as two of `rank`, decided over all chosen layers: half of the largest weight tensor's rows.
class Split : public Operator {
 public:
  bool accepts(const LayerSpec& layer) const override { return layer.type == "linear"; }
  Prepared prepare(const Graph& graph, std::span<const int> chosen, const Tensors* trained) const override {
    int64_t most = 0;
    for (int i : chosen) most = std::max(most, graph.layers[static_cast<size_t>(i)].attributes.integer("out"));
    Prepared out;
    for (int i : chosen) {
      const std::string& name = graph.layers[static_cast<size_t>(i)].name;
      out.layers[name]
          .set("rank", most / 2)
          .set("saw_weights", int64_t{trained != nullptr && trained->count(name + ".weight")});
    }
    return out;
  }
  Subgraph expand(const LayerSpec& layer, const Tensors* trained, const Prepared& prepared) const override {
    const Attributes& decided = prepared.layers.at(layer.name);
    EXPECT_EQ(decided.integer("saw_weights") != 0, trained != nullptr && trained->count("weight") != 0);
    LayerSpec u = layer, v = layer;
    u.name = "u";
    v.name = "v";
    u.attributes.set("out", decided.integer("rank"));
    v.attributes.set("in", decided.integer("rank"));
    Node first, second;
    first.layer = 0;
    first.inputs = {-1};
    second.layer = 1;
    second.inputs = {0};
    return {.layers = {u, v}, .nodes = {first, second}};
  }
  /// Only "v" gets tensors; "u" starts fresh.
  Converted convert(const LayerSpec&, const Tensors&, const Subgraph& made, Rng& rng) const override {
    const at::Tensor weight = at::ones(weight_shape(made.layers[1])).mul(rng.uniform());
    return {.tensors = {{"v.weight", weight}}, .warnings = {}};
  }
  std::unique_ptr<Layer> make(const LayerSpec&, OwnTensors&) const override {
    throw std::logic_error("its layers are the framework's");
  }
};

/// Linear layers only.
class HalveLinear : public Halve {
 public:
  bool accepts(const LayerSpec& layer) const override { return layer.type == "linear"; }
};

class Keep : public Halve {
 public:
  bool accepts(const LayerSpec&) const override { return false; }
};

class Factory : public ComponentFactory {
 protected:
  void* create(Kind, const ConfigView& section) const override {
    if (section.type() == "float") return static_cast<Operator*>(new Keep);
    if (section.type() == "halve_linear") return static_cast<Operator*>(new HalveLinear);
    if (section.type() == "split") return static_cast<Operator*>(new Split);
    return static_cast<Operator*>(new Halve);
  }
};

/// Registered conv1, fc1, fc2, conv2; executed conv1, conv2, fc1, fc2.
Graph mixed_graph() {
  GraphBuilder net({1, 4, 4});
  const int conv1 = net.relu(net.conv2d(0, "conv1", 2, {.padding = 1, .bias = false, .role = "stem"}));
  const int conv2 = net.relu(net.conv2d(conv1, "conv2", 2, {.padding = 1, .bias = false}));
  const int fc1 = net.relu(net.linear(net.flatten(conv2), "fc1", 8, {.bias = false}));
  Graph graph = net.finish(net.linear(fc1, "fc2", 3, {.bias = false, .role = "classifier"}));
  std::rotate(graph.layers.begin() + 1, graph.layers.begin() + 2, graph.layers.end());
  for (Node& node : graph.nodes) {
    if (node.layer > 0) node.layer = node.layer == 1 ? 3 : node.layer - 1;
  }
  graph.validate();
  return graph;
}

ConfigView section(const std::string& json) {
  static std::list<Value> kept;
  static const Origins origins = {{"operator", {"a.yaml", 4, 1}}, {"operator.depth", {"a.yaml", 7, 3}}};
  kept.push_back(parse_json(json));
  return ConfigView(kept.back(), "operator", origins);
}

ConvertedGraph convert(const std::string& json, const Graph& graph = mixed_graph()) {
  return convert_graph(graph, section(json), Factory());
}

ConvertedModel convert(const std::string& json, Model model, uint64_t seed = 4) {
  return nn::convert(std::move(model), section(json), Factory(), Rng(seed));
}

using Names = std::vector<std::string>;

std::string problem_of(const std::string& json) {
  try {
    convert(json);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(Conversion, CountsFromTheOutputInExecutionOrder) {
  EXPECT_EQ(convert(R"({"type":"halve","depth":"all"})").converted, (Names{"fc2", "fc1", "conv2", "conv1"}));
  EXPECT_EQ(convert(R"({"type":"halve","depth":3})").converted, (Names{"fc2", "fc1", "conv2"}));
  EXPECT_EQ(convert(R"({"type":"halve"})").converted.size(), 4u) << "everything is the default";
}

TEST(Conversion, CountsFromTheInputWhenAsked) {
  EXPECT_EQ(convert(R"({"type":"halve","depth":2,"depth_from":"input"})").converted, (Names{"conv1", "conv2"}));
}

TEST(Conversion, DepthZeroLeavesTheFloatNetwork) {
  const ConvertedGraph conversion = convert(R"({"type":"halve","depth":0})");
  EXPECT_TRUE(conversion.converted.empty());
  EXPECT_EQ(conversion.graph.digest(), mixed_graph().digest());
}

TEST(Conversion, LinearLayersMayBeLeftOutOrTakenUncounted) {
  EXPECT_EQ(convert(R"({"type":"halve","linear":{"convert":false,"count":null}})").converted,
            (Names{"conv2", "conv1"}));
  EXPECT_EQ(convert(R"({"type":"halve","depth":1,"linear":{"convert":true,"count":false}})").converted,
            (Names{"fc2", "fc1", "conv2"}));
}

TEST(Conversion, CompatibleModeWalksBackwardsThroughTheRegistration) {
  EXPECT_EQ(convert(R"({"type":"halve","depth":1,"deepshift_compat":true})").converted, (Names{"conv2", "fc2", "fc1"}));
  EXPECT_EQ(
      convert(R"({"type":"halve","depth":1,"deepshift_compat":true,"linear":{"convert":true,"count":true}})").converted,
      (Names{"conv2"}));
}

TEST(Conversion, CompatibleModeCountsLinearLayersWhereThereAreNoConvolutions) {
  GraphBuilder net({1, 2, 2});
  const int hidden = net.linear(net.flatten(0), "fc1", 4, {});
  const Graph graph = net.finish(net.linear(hidden, "fc2", 2, {}));
  EXPECT_EQ(convert(R"({"type":"halve","depth":1,"deepshift_compat":true})", graph).converted, (Names{"fc2"}));
}

TEST(Conversion, ADepthAboveTheNumberIsAnErrorThatNamesIt) {
  EXPECT_EQ(problem_of(R"({"type":"halve","depth":5})"), "'depth' is 5, but this network has 4 layers to convert");
  EXPECT_EQ(problem_of(R"({"type":"float","depth":5})"), "") << "nothing is converted at any depth";
}

TEST(Conversion, CompatibleModeClampsTheDepthWithANote) {
  const ConvertedGraph conversion = convert(R"({"type":"halve","depth":20,"deepshift_compat":true})");
  EXPECT_EQ(conversion.converted.size(), 4u);
  ASSERT_EQ(conversion.warnings.size(), 1u);
  EXPECT_EQ(conversion.warnings[0], "operator.depth is 20, but only 2 layers count: all of them are converted");
}

TEST(Conversion, SelectsByRoleAndByName) {
  EXPECT_EQ(convert(R"({"type":"halve","layers":["stem","fc*"]})").converted, (Names{"fc2", "fc1", "conv1"}));
  EXPECT_EQ(convert(R"({"type":"halve","layers":["spatial"],"depth":1})").converted, (Names{"conv2"}));
}

TEST(Conversion, RefusesASelectorThatMatchesNothing) {
  EXPECT_EQ(problem_of(R"({"type":"halve","layers":["head"]})"),
            "'head' in 'layers' matches no convolution or linear layer of this network");
  EXPECT_EQ(problem_of(R"({"type":"halve","overrides":[{"type":"float","layers":["depthwise"]}]})"),
            "'depthwise' in 'layers' matches no convolution or linear layer of this network");
}

TEST(Conversion, TheFirstMatchingOverrideWins) {
  const ConvertedGraph conversion = convert(
      R"({"type":"halve","overrides":[{"type":"float","layers":["stem"]},{"type":"halve","layers":["conv*"]}],"depth":1})");
  EXPECT_EQ(conversion.converted, (Names{"fc2", "conv2"})) << "an override converts at any depth and is not counted";
}

TEST(Conversion, AnOverrideMustTakeItsLayers) {
  EXPECT_EQ(problem_of(R"({"type":"float","overrides":[{"type":"halve_linear","layers":["fc1","stem"]}]})"),
            "operator 'halve_linear' cannot take the layer 'conv1'");
}

TEST(Conversion, SelectorsFollowKernelAndGroups) {
  GraphBuilder net({8, 4, 4});
  int at = net.conv2d(0, "dw", 8, {.padding = 1, .groups = 8});
  at = net.conv2d(at, "pw", 16, {.kernel = 1, .padding = 0});
  const Graph graph = net.finish(net.flatten(at));
  EXPECT_TRUE(selects("depthwise", graph.layers[0]));
  EXPECT_FALSE(selects("spatial", graph.layers[0]));
  EXPECT_TRUE(selects("pointwise", graph.layers[1]));
  EXPECT_FALSE(selects("stem", graph.layers[1]));
}

TEST(ConvertModel, ConvertsTheChosenLayersAndKeepsTheRest) {
  const Model before = start(mixed_graph(), Rng(4));
  const ConvertedModel after = convert(R"({"type":"halve","depth":1})", before);
  EXPECT_TRUE(after.model.tensors.at("fc2.half").equal(before.tensors.at("fc2.weight").mul(0.5)));
  EXPECT_TRUE(after.model.tensors.at("conv1.weight").equal(before.tensors.at("conv1.weight")));
  EXPECT_EQ(after.model.tensors.count("fc2.weight"), 0u);
  EXPECT_EQ(before.tensors.count("fc2.weight"), 1u) << "the model given is left alone";
  EXPECT_EQ(after.model.graph.digest(), convert(R"({"type":"halve","depth":1})").graph.digest());
  Factory factory;
  LayerMakers makers(factory);
  Network network(after.model, makers);
  EXPECT_EQ(network.forward(at::ones({2, 1, 4, 4}), {}).at("logits").sizes(), (std::vector<int64_t>{2, 3}));
}

TEST(ConvertModel, HandsOnWhatTheOperatorsSayOfTheWeights) {
  const Model model = start(mixed_graph(), Rng(4));
  EXPECT_TRUE(convert(R"({"type":"float"})", model).warnings.empty());
  EXPECT_EQ(convert(R"({"type":"halve","depth":2})", model).warnings,
            (std::vector<std::string>{"half of it is lost", "half of it is lost"}));
}

TEST(ConvertModel, AnOperatorDecidesOverAllItsLayersAndMaySplitThem) {
  const Model before = start(mixed_graph(), Rng(4));
  const ConvertedModel after = convert(R"({"type":"split"})", before);
  EXPECT_EQ(after.converted, (Names{"fc2", "fc1"}));
  EXPECT_EQ(after.model.tensors.at("fc2.u.weight").sizes(), (std::vector<int64_t>{4, 8})) << "half of fc1's 8 rows";
  EXPECT_EQ(after.model.tensors.at("fc2.v.weight").sizes(), (std::vector<int64_t>{3, 4}));
  EXPECT_TRUE(after.model.tensors.at("fc1.u.weight").equal(start(after.model.graph, Rng(4)).tensors.at("fc1.u.weight")))
      << "a framework layer that gets no tensors starts fresh by its name";
  LayerMakers makers;
  Network network(after.model, makers);
  EXPECT_EQ(network.forward(at::ones({2, 1, 4, 4}), {}).at("logits").sizes(), (std::vector<int64_t>{2, 3}));
}

TEST(ConvertModel, ASecondOperatorLeavesTheLayersOfTheFirstAlone) {
  const ConvertedModel once = convert(R"({"type":"halve","layers":["fc*"]})", start(mixed_graph(), Rng(4)));
  const ConvertedModel twice = convert(R"({"type":"halve"})", once.model);
  EXPECT_EQ(twice.converted, (Names{"conv2", "conv1"}));
  EXPECT_TRUE(twice.model.tensors.at("fc1.half").equal(once.model.tensors.at("fc1.half")));
}

TEST(ConvertModel, LayersOfAnotherOperatorThanTheSectionsAreMadeFromTheModelAlone) {
  Factory factory;
  LayerMakers makers(factory);
  const Model model =
      convert(R"({"type":"float","overrides":[{"type":"halve","layers":["fc1"]}]})", start(mixed_graph(), Rng(4)))
          .model;
  EXPECT_EQ(model.graph.layers[1].op, "halve");
  Network network(model, makers);
  EXPECT_EQ(network.parameters()[1].name, "fc1.half");
}

}  // namespace
}  // namespace dsnn::nn
