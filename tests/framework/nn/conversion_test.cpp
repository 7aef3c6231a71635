#include "nn/conversion.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <stdexcept>

#include "dsnn/error.h"
#include "dsnn/graph_builder.h"

namespace dsnn::nn {
namespace {

/// Computes with half of its float weight, without bias: "halve.conv2d", "halve.linear".
class HalvedLayer : public Layer {
 public:
  HalvedLayer(const LayerSpec& spec, Rng& rng) : conv_(spec.type.ends_with("conv2d")) {
    const Attributes& a = spec.attributes;
    std::vector<int64_t> shape = {a.integer("out"), a.integer("in")};
    if (conv_) shape.insert(shape.end(), {a.integers("kernel")[0], a.integers("kernel")[1]});
    weight_ = at::ones(shape).mul(rng.uniform()).set_requires_grad(true);
  }
  at::Tensor forward(std::span<const at::Tensor> in, const StepContext&) override {
    if (!conv_) return at::linear(in[0], weight_);
    return at::conv2d(in[0], weight_, {}, {1, 1}, {1, 1});
  }
  std::vector<LayerParameter> parameters() override { return {{"half", weight_, Role::weight}}; }
  std::vector<NamedTensor> buffers() override { return {}; }
  void take(const at::Tensor& weight) { weight_.copy_(weight.mul(0.5)); }

 private:
  bool conv_;
  at::Tensor weight_;
};

class Halve : public Operator {
 public:
  bool accepts(const LayerSpec& layer) const override { return layer.type == "conv2d" || layer.type == "linear"; }
  Subgraph expand(const LayerSpec& layer, const Tensors*) const override {
    LayerSpec made = layer;
    made.name.clear();
    made.type = "halve." + layer.type;
    return {.layers = {made}, .nodes = {}};
  }
  std::unique_ptr<Layer> make(const LayerSpec& layer, Rng& rng) const override {
    return std::make_unique<HalvedLayer>(layer, rng);
  }
  std::vector<std::string> convert(const Tensors& source, std::span<Layer* const> into) const override {
    static_cast<HalvedLayer*>(into[0])->take(source.at("weight"));
    return {"half of it is lost"};
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

Conversion convert(const std::string& json, const Graph& graph = mixed_graph()) {
  static std::list<Value> kept;
  static const Origins origins = {{"operator", {"a.yaml", 4, 1}}, {"operator.depth", {"a.yaml", 7, 3}}};
  kept.push_back(parse_json(json));
  return convert_graph(graph, ConfigView(kept.back(), "operator", origins), Factory());
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
  const Conversion conversion = convert(R"({"type":"halve","depth":0})");
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
  const Conversion conversion = convert(R"({"type":"halve","depth":20,"deepshift_compat":true})");
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
  const Conversion conversion = convert(
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

TEST(MakeNetwork, ConvertsFromTheFloatStartAndKeepsTheRest) {
  const Graph graph = mixed_graph();
  const Conversion conversion = convert(R"({"type":"halve","depth":1})", graph);
  const MadeNetwork floats = make_network(graph, convert(R"({"type":"float"})", graph), Rng(4));
  const MadeNetwork halved = make_network(graph, conversion, Rng(4));
  Tensors before, after;
  for (const NamedTensor& entry : floats.network->state()) before[entry.name] = entry.tensor.detach();
  for (const NamedTensor& entry : halved.network->state()) after[entry.name] = entry.tensor.detach();
  EXPECT_TRUE(after.at("fc2.half").equal(before.at("fc2.weight").mul(0.5)));
  EXPECT_TRUE(after.at("conv1.weight").equal(before.at("conv1.weight")));
  EXPECT_EQ(halved.network->forward(at::ones({2, 1, 4, 4}), {}).at("logits").sizes(), (std::vector<int64_t>{2, 3}));
}

TEST(MakeNetwork, HandsOnWhatTheOperatorsSayOfTheConversion) {
  const Graph graph = mixed_graph();
  EXPECT_TRUE(make_network(graph, convert(R"({"type":"float"})", graph), Rng(4)).warnings.empty());
  EXPECT_EQ(make_network(graph, convert(R"({"type":"halve","depth":2})", graph), Rng(4)).warnings,
            (std::vector<std::string>{"half of it is lost", "half of it is lost"}));
}

TEST(MakeNetwork, LoadsWeightsBeforeConverting) {
  const Graph graph = mixed_graph();
  const Conversion conversion = convert(R"({"type":"halve","depth":1})", graph);
  Tensors weights;
  for (const NamedTensor& entry : make_network(graph, convert(R"({"type":"float"})"), Rng(9)).network->state()) {
    weights[entry.name] = entry.tensor.detach();
  }
  for (const NamedTensor& entry : make_network(graph, conversion, Rng(4), &weights).network->state()) {
    if (entry.name == "fc2.half") {
      EXPECT_TRUE(entry.tensor.equal(weights.at("fc2.weight").mul(0.5)));
    } else {
      EXPECT_TRUE(entry.tensor.equal(weights.at(entry.name))) << entry.name;
    }
  }
}

}  // namespace
}  // namespace dsnn::nn
