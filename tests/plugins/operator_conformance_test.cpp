#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "dsnn/graph_builder.h"
#include "dsnn/operator.h"
#include "nn/conversion.h"
#include "nn/layers.h"
#include "nn/model.h"
#include "nn/network.h"
#include "support/components.h"
#include "support/float_layers.h"

// Every operator that replaces layers, from a float layer's input to the output of whatever stands for it: one layer or
// several, of any type. What one operator alone promises is tested in a file of its own.

namespace dsnn {
namespace {

using test::geometries;
using test::input_of;

/// A network of the one float layer.
Graph graph_of(const LayerSpec& spec) {
  GraphBuilder net(test::input_shape(spec));
  return net.finish(net.add_layer(0, spec));
}

at::Tensor run(nn::Network& network, const at::Tensor& x, const StepContext& step = {}) {
  return network.forward(x, step).at("logits");
}

at::Tensor run_quietly(nn::Network& network, const at::Tensor& x) {
  const at::NoGradGuard no_grad;
  return run(network, x);
}

class OperatorConformance : public ::testing::Test {
 protected:
  OperatorConformance() : makers_(components_.factory()) {
    for (const plugin::ComponentInfo* info : components_.catalog().of(Kind::op)) add(info->name, Value::map());
    for (const char* method : {"q", "ps"}) {
      Value variant = Value::map();
      variant.set("method", method);
      variant.set("weight_bits", 4);
      add("deepshift", variant);
    }
  }

  /// Calls body(section, float layer) for every operator and each layer that it takes.
  template <class Body>
  void for_each(const Body& body) {
    int taken = 0;
    for (const Value& section : sections_) {
      const auto op = components_.factory().make<Operator>(components_.view(section));
      for (const LayerSpec& spec : geometries()) {
        if (!op->accepts(spec)) continue;
        SCOPED_TRACE(section.at("type").string() + " for " + spec.type);
        body(section, spec);
        ++taken;
      }
    }
    EXPECT_GT(taken, 0);
  }

  nn::ConvertedModel converted(const Value& section, const LayerSpec& spec, uint64_t seed = 5) {
    return nn::convert(nn::start(graph_of(spec), Rng(seed)), components_.view(section), components_.factory(),
                       Rng(seed));
  }

  nn::Network network(const Value& section, const LayerSpec& spec) {
    return nn::Network(converted(section, spec).model, makers_);
  }

  test::Components components_;
  nn::LayerMakers makers_;
  std::vector<Value> sections_;

 private:
  void add(const std::string& name, const Value& changes) {
    sections_.push_back(components_.section(Kind::op, name, changes));
  }
};

TEST_F(OperatorConformance, ExpansionKeepsTheShapeTheRoleAndTheWalkersChoice) {
  for_each([&](const Value& section, const LayerSpec& spec) {
    const nn::ConvertedModel made = converted(section, spec);
    EXPECT_EQ(made.converted, std::vector<std::string>{spec.name});
    const Graph& graph = made.model.graph;
    EXPECT_EQ(graph.nodes.back().output, graph_of(spec).nodes.back().output);
    bool own = false;
    for (const LayerSpec& layer : graph.layers) {
      own = own || !layer.op.empty();
      EXPECT_EQ(layer.role, spec.role);
    }
    EXPECT_TRUE(own) << "some layer is the operator's";
    EXPECT_EQ(graph.digest(),
              nn::convert_graph(graph_of(spec), components_.view(section), components_.factory()).graph.digest())
        << "shapes alone give the same graph";
  });
}

TEST_F(OperatorConformance, ConversionIsAFunctionOfTheWeightsAndTheSeed) {
  for_each([&](const Value& section, const LayerSpec& spec) {
    const Tensors a = converted(section, spec).model.tensors, b = converted(section, spec).model.tensors,
                  other = converted(section, spec, 6).model.tensors;
    ASSERT_EQ(a.size(), b.size());
    bool differs = false;
    for (const auto& [name, tensor] : a) {
      EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
      EXPECT_FALSE(tensor.requires_grad()) << name;
      differs = differs || !at::equal(tensor, other.at(name));
    }
    EXPECT_TRUE(differs);
  });
}

TEST_F(OperatorConformance, EveryParameterGetsAGradient) {
  for_each([&](const Value& section, const LayerSpec& spec) {
    nn::Network net = network(section, spec);
    const at::Tensor x = input_of(spec).set_requires_grad(true);
    run(net, x, {.training = true}).square().sum().backward();
    EXPECT_TRUE(x.grad().defined());
    for (const nn::NetworkParameter& p : net.parameters()) {
      ASSERT_TRUE(p.tensor.is_leaf() && p.tensor.requires_grad()) << p.name;
      ASSERT_TRUE(p.tensor.grad().defined()) << p.name;
      EXPECT_EQ(p.tensor.grad().sizes(), p.tensor.sizes()) << p.name;
      EXPECT_GT(p.tensor.grad().abs().sum().item<double>(), 0) << p.name;
    }
  });
}

TEST_F(OperatorConformance, EvaluationSeesEveryChangeOfAParameter) {
  for_each([&](const Value& section, const LayerSpec& spec) {
    nn::Network net = network(section, spec);
    const at::Tensor x = input_of(spec);
    const at::Tensor first = run_quietly(net, x);
    EXPECT_TRUE(at::equal(first, run_quietly(net, x)));
    {
      const at::NoGradGuard no_grad;
      for (const nn::NetworkParameter& p : net.parameters()) {
        if (p.role == Role::weight || p.role == Role::sign) at::Tensor(p.tensor).neg_();
      }
    }
    const at::Tensor changed = run_quietly(net, x);
    EXPECT_FALSE(at::equal(first, changed));
    EXPECT_TRUE(at::equal(changed.detach(), run(net, x).detach()));
  });
}

TEST_F(OperatorConformance, TrainingAndEvaluationComputeTheSame) {
  for_each([&](const Value& section, const LayerSpec& spec) {
    nn::Network net = network(section, spec);
    const at::Tensor trained = run(net, input_of(spec), {.training = true}).detach();
    EXPECT_TRUE(at::equal(trained, run_quietly(net, input_of(spec))));
  });
}

TEST_F(OperatorConformance, ANetworkMadeFromTheModelAloneComputesTheSame) {
  for_each([&](const Value& section, const LayerSpec& spec) {
    nn::Network net = network(section, spec);
    nn::LayerMakers others(components_.factory());
    nn::Network again(net.model(), others);
    EXPECT_TRUE(at::equal(run_quietly(net, input_of(spec)), run_quietly(again, input_of(spec))));
  });
}

/// Every geometry and padding mode: a float layer that holds the effective weights gives the same numbers, and those
/// are compared with the definition of the convolution in weighted_op_test.
TEST_F(OperatorConformance, EffectiveWeightsGiveTheNumbersOfTheLayer) {
  for_each([&](const Value& section, const LayerSpec& spec) {
    if (section.find("round_input") == nullptr) return;
    Value plain = section;
    plain.set("round_input", false);
    nn::Network net = network(plain, spec);
    const LayerSpec& made = net.graph().layers[0];
    const auto op = components_.factory().make_default<Operator>(made.op);
    OwnTensors own(spec.name, op->effective(made, nn::tensors_of(net.model().tensors, spec.name)));
    const std::unique_ptr<Layer> layer = nn::make_layer(spec, own);
    const at::NoGradGuard no_grad;
    const at::Tensor expected = layer->forward(std::vector<at::Tensor>{input_of(spec)}, {});
    EXPECT_TRUE(at::allclose(run(net, input_of(spec)), expected, 1e-5, 1e-6));
  });
}

TEST_F(OperatorConformance, LinearLayersTakeAnyLeadingShape) {
  for (const Value& section : sections_) {
    const auto op = components_.factory().make<Operator>(components_.view(section));
    if (!op->accepts(test::linear(6, 4))) continue;
    nn::Network net = network(section, test::linear(6, 4));
    const at::Tensor x = at::linspace(-1, 1, 2 * 3 * 6).view({2, 3, 6});
    EXPECT_EQ(run_quietly(net, x).sizes(), (std::vector<int64_t>{2, 3, 4}));
    EXPECT_TRUE(at::allclose(run_quietly(net, x).view({6, 4}), run_quietly(net, x.view({6, 6}))));
  }
}

}  // namespace
}  // namespace dsnn
