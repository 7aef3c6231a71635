#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <numbers>

#include "dsnn/operator.h"
#include "support/components.h"

namespace dsnn {
namespace {

Value settings(std::initializer_list<Value::Member> members) { return Value(Value::Map(members)); }

LayerSpec linear(int64_t in, int64_t out, bool bias = true) {
  LayerSpec spec{.name = "fc", .type = "linear", .attributes = {}, .numeric = {}, .op = {}, .role = "classifier"};
  spec.attributes.set("in", in).set("out", out).set("bias", int64_t{bias ? 1 : 0});
  return spec;
}

LayerSpec convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                      int64_t groups, bool bias = true) {
  const auto both = [](int64_t v) { return std::vector<int64_t>{v, v}; };
  LayerSpec spec{.name = "conv", .type = "conv2d", .attributes = {}, .numeric = {}, .op = {}, .role = "body"};
  spec.attributes.set("in", in)
      .set("out", out)
      .set("kernel", both(kernel))
      .set("stride", both(stride))
      .set("padding", both(padding));
  spec.attributes.set("dilation", both(dilation)).set("groups", groups).set("bias", int64_t{bias ? 1 : 0});
  return spec;
}

std::vector<LayerSpec> geometries() {
  return {linear(6, 4),
          linear(6, 4, false),
          convolution(4, 6, 3, 1, 1, 1, 1),
          convolution(4, 6, 3, 2, 1, 1, 1, false),
          convolution(4, 4, 3, 1, 1, 1, 4),
          convolution(4, 6, 1, 1, 0, 1, 2),
          convolution(4, 6, 3, 1, 2, 2, 1)};
}

at::Tensor input_of(const LayerSpec& spec) {
  const std::vector<int64_t> shape =
      spec.type.ends_with("linear") ? std::vector<int64_t>{5, 6} : std::vector<int64_t>{2, 4, 7, 7};
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return at::linspace(-2, 2, count).mul(7.3).sin().view(shape);
}

struct Made {
  LayerSpec spec;
  std::unique_ptr<Layer> layer;
};

Made made(const Operator& op, const LayerSpec& spec, uint64_t seed = 5) {
  LayerSpec replaced = op.expand(spec, nullptr).layers.at(0);
  replaced.name = spec.name;
  Rng rng(seed);
  return {replaced, op.make(replaced, rng)};
}

at::Tensor run(Layer& layer, const at::Tensor& x, const StepContext& step = {}) {
  return layer.forward(std::vector<at::Tensor>{x}, step);
}

at::Tensor run_quietly(Layer& layer, const at::Tensor& x, const StepContext& step = {}) {
  const at::NoGradGuard no_grad;
  return run(layer, x, step);
}

at::Tensor parameter(Layer& layer, const std::string& name) {
  for (const LayerParameter& p : layer.parameters()) {
    if (p.name == name) return p.tensor;
  }
  for (const NamedTensor& b : layer.buffers()) {
    if (b.name == name) return b.tensor;
  }
  return {};
}

class OperatorConformance : public ::testing::Test {
 protected:
  /// Every operator that replaces layers, and its common variants.
  std::vector<std::unique_ptr<Operator>> operators() {
    std::vector<std::unique_ptr<Operator>> out;
    for (const plugin::ComponentInfo* info : components_.catalog().of(Kind::op)) {
      std::unique_ptr<Operator> op = components_.make<Operator>(info->name);
      if (op->accepts(linear(2, 2))) out.push_back(std::move(op));
    }
    for (const char* method : {"q", "ps"}) {
      for (const bool compat : {false, true}) {
        out.push_back(deepshift({{"method", method}, {"deepshift_compat", compat}, {"weight_bits", 4}}));
      }
    }
    return out;
  }

  std::unique_ptr<Operator> deepshift(std::initializer_list<Value::Member> members) {
    return components_.make<Operator>("deepshift", settings(members));
  }

  test::Components components_;
};

TEST_F(OperatorConformance, ExpansionKeepsTheLayersAttributesAndRole) {
  for (const auto& op : operators()) {
    for (const LayerSpec& spec : geometries()) {
      const Subgraph by = op->expand(spec, nullptr);
      ASSERT_FALSE(by.layers.empty());
      ASSERT_FALSE(by.nodes.empty());
      EXPECT_EQ(by.nodes.front().inputs, std::vector<int>{-1});
      EXPECT_FALSE(by.layers[0].op.empty());
      EXPECT_EQ(by.layers[0].role, spec.role);
      EXPECT_TRUE(by.layers[0].type.ends_with(spec.type));
      for (const auto& [key, item] : spec.attributes.items())
        EXPECT_EQ(by.layers[0].attributes.items().at(key), item) << key;
    }
  }
}

TEST_F(OperatorConformance, FreshParametersAreAFunctionOfTheSeed) {
  for (const auto& op : operators()) {
    for (const LayerSpec& spec : geometries()) {
      const Made a = made(*op, spec), b = made(*op, spec), other = made(*op, spec, 6);
      const auto pa = a.layer->parameters(), pb = b.layer->parameters(), pc = other.layer->parameters();
      ASSERT_EQ(pa.size(), pb.size());
      for (size_t i = 0; i < pa.size(); ++i) EXPECT_TRUE(at::equal(pa[i].tensor, pb[i].tensor));
      EXPECT_FALSE(at::equal(pa[0].tensor, pc[0].tensor));
    }
  }
}

TEST_F(OperatorConformance, EveryParameterGetsAGradientAndTheOutputHasTheFloatLayersShape) {
  for (const auto& op : operators()) {
    for (const LayerSpec& spec : geometries()) {
      const Made m = made(*op, spec);
      const at::Tensor x = input_of(spec).set_requires_grad(true);
      const at::Tensor y = run(*m.layer, x, {.training = true});
      EXPECT_EQ(y.size(0), x.size(0));
      EXPECT_EQ(y.size(1), spec.attributes.integer("out"));
      y.square().sum().backward();
      EXPECT_TRUE(x.grad().defined());
      for (const LayerParameter& p : m.layer->parameters()) {
        ASSERT_TRUE(p.tensor.is_leaf() && p.tensor.requires_grad()) << p.name;
        ASSERT_TRUE(p.tensor.grad().defined()) << p.name;
        EXPECT_EQ(p.tensor.grad().sizes(), p.tensor.sizes()) << p.name;
        EXPECT_GT(p.tensor.grad().abs().sum().item<double>(), 0) << p.name;
      }
    }
  }
}

TEST_F(OperatorConformance, EvaluationSeesEveryChangeOfAParameter) {
  for (const auto& op : operators()) {
    for (const LayerSpec& spec : geometries()) {
      const Made m = made(*op, spec);
      const at::Tensor x = input_of(spec);
      const at::Tensor first = run_quietly(*m.layer, x);
      EXPECT_TRUE(at::equal(first, run_quietly(*m.layer, x)));
      {
        const at::NoGradGuard no_grad;
        for (const LayerParameter& p : m.layer->parameters()) {
          if (p.name == "sign" || p.name == "weight") at::Tensor(p.tensor).neg_();
        }
      }
      const at::Tensor changed = run_quietly(*m.layer, x);
      EXPECT_FALSE(at::equal(first, changed));
      EXPECT_TRUE(at::equal(changed.detach(), run(*m.layer, x).detach()));
    }
  }
}

TEST_F(OperatorConformance, TrainingAndEvaluationComputeTheSame) {
  for (const auto& op : operators()) {
    for (const LayerSpec& spec : geometries()) {
      const Made m = made(*op, spec);
      const at::Tensor x = input_of(spec);
      const at::Tensor trained = run(*m.layer, x, {.training = true}).detach();
      EXPECT_TRUE(at::equal(trained, run_quietly(*m.layer, x)));
    }
  }
}

TEST_F(OperatorConformance, LinearLayersTakeAnyLeadingShape) {
  for (const auto& op : operators()) {
    const Made m = made(*op, linear(6, 4));
    const at::Tensor x = at::linspace(-1, 1, 2 * 3 * 6).view({2, 3, 6});
    const at::Tensor flat = run_quietly(*m.layer, x.view({6, 6}));
    EXPECT_EQ(run_quietly(*m.layer, x).sizes(), (std::vector<int64_t>{2, 3, 4}));
    EXPECT_TRUE(at::allclose(run_quietly(*m.layer, x).view({6, 4}), flat));
    EXPECT_EQ(run_quietly(*m.layer, x[0][0]).sizes(), std::vector<int64_t>{4});
  }
}

TEST_F(OperatorConformance, ChannelsLastInputsGiveTheSameNumbers) {
  for (const auto& op : operators()) {
    const Made m = made(*op, convolution(4, 6, 3, 1, 1, 1, 1));
    const at::Tensor x = input_of(m.spec);
    EXPECT_TRUE(at::allclose(run_quietly(*m.layer, x), run_quietly(*m.layer, x.to(at::MemoryFormat::ChannelsLast)),
                             1e-5, 1e-6));
  }
}

TEST_F(OperatorConformance, EveryPaddingModeKeepsTheSize) {
  for (const auto& op : operators()) {
    for (const char* mode : {"zeros", "reflect", "replicate", "circular"}) {
      LayerSpec spec = convolution(4, 6, 3, 1, 1, 1, 1);
      spec.attributes.set("padding_mode", std::string(mode));
      const Made m = made(*op, spec);
      EXPECT_EQ(run_quietly(*m.layer, input_of(spec)).sizes(), (std::vector<int64_t>{2, 6, 7, 7})) << mode;
    }
  }
}

TEST_F(OperatorConformance, DeepShiftNumericSaysWhatACostModelCharges) {
  const auto op = deepshift({{"method", "q"}, {"weight_bits", 3}});
  const Numeric numeric = op->expand(linear(6, 4), nullptr).layers[0].numeric;
  EXPECT_EQ(numeric.arithmetic, Arithmetic::shift);
  EXPECT_EQ(numeric.weight_bits, 3);
  EXPECT_EQ(numeric.activation_bits, 32);
  const auto floating = deepshift({{"fixed_point", Value()}});
  EXPECT_EQ(made(*floating, linear(6, 4)).spec.attributes.integer("fixed_point"), 0);
}

TEST_F(OperatorConformance, DeepShiftStochasticRoundingActsInTrainingOnlyAndRepeats) {
  for (const char* method : {"q", "ps"}) {
    const auto op = deepshift({{"method", method}, {"rounding", "stochastic"}, {"init", "random"}});
    const Made m = made(*op, convolution(4, 6, 3, 1, 1, 1, 1));
    const at::Tensor x = input_of(m.spec);
    const auto trained = [&](uint64_t seed, int64_t step) {
      return run(*m.layer, x, {.training = true, .seed = seed, .step = step}).detach();
    };
    EXPECT_TRUE(at::equal(trained(1, 3), trained(1, 3)));
    EXPECT_FALSE(at::equal(trained(1, 3), trained(1, 4)));
    EXPECT_FALSE(at::equal(trained(1, 3), trained(2, 3)));
    const auto plain = deepshift({{"method", method}, {"init", "random"}});
    const Made same = made(*plain, convolution(4, 6, 3, 1, 1, 1, 1));
    EXPECT_TRUE(at::equal(run_quietly(*m.layer, x, {.seed = 1, .step = 3}), run_quietly(*same.layer, x)));
  }
}

TEST_F(OperatorConformance, DeepShiftStochasticKeepsExactZeros) {
  const auto op = deepshift({{"method", "q"}, {"rounding", "stochastic"}});
  const Made m = made(*op, linear(6, 4, false));
  {
    const at::NoGradGuard no_grad;
    parameter(*m.layer, "weight").zero_();
  }
  EXPECT_EQ(run(*m.layer, input_of(m.spec), {.training = true}).abs().max().item<double>(), 0);
}

TEST_F(OperatorConformance, DeepShiftPenaltyIsTheSquareOfTheRawPowers) {
  const auto op = deepshift({{"method", "ps"}});
  const Made m = made(*op, linear(6, 4));
  const at::Tensor shift = parameter(*m.layer, "shift");
  const at::Tensor penalty = m.layer->penalty(0.02);
  const at::Tensor power = shift.detach().to(at::kDouble).exp2();
  EXPECT_NEAR(penalty.item<double>(), 0.01 * power.square().sum().item<double>(), 1e-6);
  penalty.backward();
  const at::Tensor expected = power.square().mul(0.02 * std::numbers::ln2).to(at::kFloat);
  EXPECT_TRUE(at::allclose(shift.grad(), expected, 1e-4, 1e-7));
  EXPECT_FALSE(made(*deepshift({{"method", "q"}}), linear(6, 4)).layer->penalty(0.02).defined());
}

TEST_F(OperatorConformance, DeepShiftRandomStartHasHalfItsSignsZero) {
  const auto op = deepshift({{"method", "ps"}, {"init", "random"}});
  const Made m = made(*op, linear(100, 100));
  double zeros = -1;
  for (const Metric& metric : m.layer->diagnostics()) {
    if (metric.name == "zero_sign_fraction") zeros = metric.value;
  }
  EXPECT_NEAR(zeros, 0.5, 0.03);
  const at::Tensor shift = parameter(*m.layer, "shift").clone();
  Layer* const into[] = {m.layer.get()};
  op->convert({{"weight", at::ones({100, 100})}, {"bias", at::ones({100})}}, into);
  EXPECT_TRUE(at::equal(parameter(*m.layer, "shift"), shift));
}

TEST_F(OperatorConformance, DeepShiftFrozenSignsAreABuffer) {
  const auto op = deepshift({{"method", "ps"}, {"freeze_sign", true}});
  const Made m = made(*op, linear(6, 4));
  for (const LayerParameter& p : m.layer->parameters()) EXPECT_NE(p.name, "sign");
  ASSERT_EQ(m.layer->buffers().size(), 1U);
  EXPECT_EQ(m.layer->buffers()[0].name, "sign");
  run(*m.layer, input_of(m.spec), {.training = true}).sum().backward();
  EXPECT_TRUE(parameter(*m.layer, "shift").grad().defined());
}

TEST_F(OperatorConformance, DeepShiftCompatRoundsAsTheOriginalDoes) {
  const auto rounds = [&](const char* method, const LayerSpec& spec) {
    const Attributes a =
        deepshift({{"method", method}, {"deepshift_compat", true}})->expand(spec, nullptr).layers[0].attributes;
    EXPECT_EQ(a.text("fixed_clamp"), "legacy");
    return std::pair{a.integer("round_input"), a.integer("round_bias")};
  };
  const std::pair<int64_t, int64_t> both{1, 1}, input_only{1, 0}, neither{0, 0};
  EXPECT_EQ(rounds("q", convolution(4, 6, 3, 1, 1, 1, 1)), both);
  EXPECT_EQ(rounds("ps", convolution(4, 6, 3, 1, 1, 1, 1)), both);
  EXPECT_EQ(rounds("q", linear(6, 4)), input_only);
  EXPECT_EQ(rounds("ps", linear(6, 4)), neither);
}

TEST_F(OperatorConformance, DeepShiftRefusesOneWeightBit) {
  try {
    deepshift({{"weight_bits", 1}});
    FAIL() << "took weight_bits 1";
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("range of shifts would be empty"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace dsnn
