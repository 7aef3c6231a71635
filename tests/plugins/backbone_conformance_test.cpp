#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "dsnn/backbone.h"
#include "nn/model.h"
#include "nn/network.h"
#include "support/components.h"

namespace dsnn {
namespace {

/// Every backbone of this build, at its default section.
class BackboneConformance : public ::testing::Test {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const plugin::ComponentInfo* info : components_.catalog().of(Kind::backbone)) out.push_back(info->name);
    return out;
  }

  test::Components components_;
};

const std::vector<Shape>& inputs() {
  static const std::vector<Shape> kInputs = {{3, 32, 32}, {1, 28, 28}, {3, 64, 48}};
  return kInputs;
}

TEST_F(BackboneConformance, BuildsTheSameValidGraphEveryTime) {
  for (const std::string& name : names()) {
    SCOPED_TRACE(name);
    const auto backbone = components_.make<Backbone>(name);
    for (const Shape& input : inputs()) {
      Graph graph = backbone->build(input, 7);
      EXPECT_NO_THROW(graph.validate());
      EXPECT_NO_THROW(graph.infer_shapes(input));
      EXPECT_EQ(graph.digest(), backbone->build(input, 7).digest());
      ASSERT_NE(graph.output("logits"), nullptr);
      EXPECT_EQ(graph.nodes[static_cast<size_t>(graph.output("logits")->node)].output, (Shape{7}));
    }
  }
}

TEST_F(BackboneConformance, EveryLayerHasARoleAndOneIsTheClassifier) {
  for (const std::string& name : names()) {
    SCOPED_TRACE(name);
    const Graph graph = components_.make<Backbone>(name)->build(inputs().front(), 10);
    int classifiers = 0, stems = 0;
    for (const LayerSpec& layer : graph.layers) {
      EXPECT_FALSE(layer.role.empty()) << layer.name;
      EXPECT_TRUE(layer.op.empty()) << layer.name << ": a backbone is made of framework layers";
      classifiers += layer.role == "classifier";
      stems += layer.role == "stem";
    }
    EXPECT_EQ(classifiers, 1);
    EXPECT_GE(stems, 1);
  }
}

TEST_F(BackboneConformance, RunsWithFiniteLogits) {
  const at::NoGradGuard no_grad;
  for (const std::string& name : names()) {
    SCOPED_TRACE(name);
    const Shape& input = inputs().front();
    nn::LayerMakers makers;
    nn::Network network(nn::start(components_.make<Backbone>(name)->build(input, 10), Rng(1)), makers);
    const at::Tensor logits = network.forward(at::ones({2, input[0], input[1], input[2]}), {}).at("logits");
    EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 10}));
    EXPECT_TRUE(logits.isfinite().all().item<bool>());
  }
}

TEST_F(BackboneConformance, RefusesInputsThatDoNotSuitItInOneSentence) {
  for (const std::string& name : names()) {
    SCOPED_TRACE(name);
    const auto backbone = components_.make<Backbone>(name);
    EXPECT_THROW(backbone->build(inputs().front(), 0), std::invalid_argument);
    try {
      backbone->build({3, 1, 1}, 10);
    } catch (const std::invalid_argument& e) {
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(CifarResnet, ProjectionShortcutsAreLayersOfTheirOwn) {
  test::Components components;
  if (components.catalog().find(Kind::backbone, "resnet20") == nullptr) GTEST_SKIP() << "this build has no resnet20";
  Value changes = Value::map();
  changes.set("shortcut", "projection");
  const Graph graph = components.make<Backbone>("resnet20", changes)->build({3, 32, 32}, 10);
  int shortcuts = 0;
  for (const LayerSpec& layer : graph.layers) shortcuts += layer.role == "shortcut";
  EXPECT_EQ(shortcuts, 2);
}

TEST(CifarResnet, HasTheLayerAndParameterCountsOfTheZoo) {
  struct Row {
    const char* name;
    int convolutions;
    int64_t parameters;
  };
  test::Components components;
  for (const Row& row :
       {Row{"resnet20", 19, 269722}, {"resnet32", 31, 464154}, {"resnet44", 43, 658586}, {"resnet56", 55, 853018}}) {
    if (components.catalog().find(Kind::backbone, row.name) == nullptr)
      GTEST_SKIP() << "this build has no " << row.name;
    const Graph graph = components.make<Backbone>(row.name)->build({3, 32, 32}, 10);
    int convolutions = 0;
    int64_t parameters = 0;
    for (size_t i = 0; i < graph.layers.size(); ++i) {
      convolutions += graph.layers[i].type == "conv2d";
      parameters += count(graph, static_cast<int>(i)).parameters;
    }
    EXPECT_EQ(convolutions, row.convolutions);
    EXPECT_EQ(parameters, row.parameters);
  }
}

}  // namespace
}  // namespace dsnn
