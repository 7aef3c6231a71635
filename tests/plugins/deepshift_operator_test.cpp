#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <numbers>

#include "dsnn/error.h"
#include "dsnn/operator.h"
#include "support/components.h"
#include "support/float_layers.h"
#include "support/made_layer.h"

namespace dsnn {
namespace {

using test::convolution;
using test::input_of;
using test::linear;
using test::made_layer;
using test::MadeLayer;

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

class DeepShift : public ::testing::Test {
 protected:
  std::unique_ptr<Operator> make(std::initializer_list<Value::Member> members) {
    return components_.make<Operator>("deepshift", Value(Value::Map(members)));
  }

  test::Components components_;
};

TEST_F(DeepShift, EffectiveWeightsMakeAFloatLayerComputeTheSame) {
  for (const char* method : {"q", "ps"}) {
    const auto op = make({{"method", method}, {"weight_bits", 4}, {"round_input", false}});
    for (const LayerSpec& spec : test::geometries()) {
      const MadeLayer m = made_layer(*op, spec);
      OwnTensors own(spec.name, op->effective(m.spec, m.tensors));
      const std::unique_ptr<Layer> plain = nn::make_layer(spec, own);
      EXPECT_TRUE(at::equal(run_quietly(*plain, input_of(spec)), run_quietly(*m.layer, input_of(spec))))
          << method << " " << spec.type;
    }
  }
}

TEST_F(DeepShift, LayersAreMadeAgainByAnOperatorWithDefaultOptions) {
  const auto configured = make({{"method", "q"}, {"weight_bits", 3}, {"fixed_point", Value()}});
  const auto defaults = components_.factory().make_default<Operator>("deepshift");
  const MadeLayer m = made_layer(*configured, linear(6, 4));
  OwnTensors own("fc", m.tensors);
  const std::unique_ptr<Layer> again = defaults->make(m.spec, own);
  EXPECT_TRUE(at::equal(run_quietly(*again, input_of(linear(6, 4))), run_quietly(*m.layer, input_of(linear(6, 4)))));
}

TEST_F(DeepShift, DoublesOffTheFusedPathAreRoundedAsDoubles) {
  const auto op = make({{"method", "q"}});
  const MadeLayer m = made_layer(*op, linear(6, 4, false));
  Tensors tensors;
  for (const auto& [name, tensor] : m.tensors) tensors[name] = at::eye(4, 6, at::kDouble);
  OwnTensors own("fc", tensors);
  const std::unique_ptr<Layer> layer = op->make(m.spec, own);
  const at::Tensor wide = at::full({2, 12}, 1e9, at::kDouble);
  const at::Tensor strided = wide.slice(1, 0, 12, 2);  // not dense: a chain of tensor operations
  ASSERT_FALSE(strided.is_non_overlapping_and_dense());
  EXPECT_TRUE(at::equal(run_quietly(*layer, strided), run_quietly(*layer, strided.contiguous())));
  EXPECT_EQ(run_quietly(*layer, strided)[0][0].item<double>(), 32768 - 1.0 / 65536) << "the largest value of 16.16";
}

TEST_F(DeepShift, NumericSaysWhatACostModelCharges) {
  const auto op = make({{"method", "q"}, {"weight_bits", 3}});
  const Numeric numeric = op->expand(linear(6, 4), nullptr, {}).layers[0].numeric;
  EXPECT_EQ(numeric.arithmetic, Arithmetic::shift);
  EXPECT_EQ(numeric.weight_bits, 3);
  EXPECT_EQ(numeric.activation_bits, 32);
  const auto floating = make({{"fixed_point", Value()}});
  EXPECT_EQ(made_layer(*floating, linear(6, 4)).spec.attributes.integer("fixed_point"), 0);
}

TEST_F(DeepShift, StochasticRoundingActsInTrainingOnlyAndRepeats) {
  for (const char* method : {"q", "ps"}) {
    const auto op = make({{"method", method}, {"rounding", "stochastic"}, {"init", "random"}});
    const MadeLayer m = made_layer(*op, convolution(4, 6, 3, 1, 1, 1, 1));
    const at::Tensor x = input_of(m.spec);
    const auto trained = [&](uint64_t seed, int64_t step) {
      return run(*m.layer, x, {.training = true, .seed = seed, .step = step}).detach();
    };
    EXPECT_TRUE(at::equal(trained(1, 3), trained(1, 3)));
    EXPECT_FALSE(at::equal(trained(1, 3), trained(1, 4)));
    EXPECT_FALSE(at::equal(trained(1, 3), trained(2, 3)));
    const auto plain = make({{"method", method}, {"init", "random"}});
    const MadeLayer same = made_layer(*plain, convolution(4, 6, 3, 1, 1, 1, 1));
    EXPECT_TRUE(at::equal(run_quietly(*m.layer, x, {.seed = 1, .step = 3}), run_quietly(*same.layer, x)));
  }
}

TEST_F(DeepShift, StochasticKeepsExactZeros) {
  const auto op = make({{"method", "q"}, {"rounding", "stochastic"}});
  const MadeLayer m = made_layer(*op, linear(6, 4, false));
  {
    const at::NoGradGuard no_grad;
    parameter(*m.layer, "weight").zero_();
  }
  EXPECT_EQ(run(*m.layer, input_of(m.spec), {.training = true}).abs().max().item<double>(), 0);
}

TEST_F(DeepShift, PenaltyIsTheSquareOfTheRawPowers) {
  const auto op = make({{"method", "ps"}});
  const MadeLayer m = made_layer(*op, linear(6, 4));
  const at::Tensor shift = parameter(*m.layer, "shift");
  const at::Tensor penalty = m.layer->penalty(0.02);
  const at::Tensor power = shift.detach().to(at::kDouble).exp2();
  EXPECT_NEAR(penalty.item<double>(), 0.01 * power.square().sum().item<double>(), 1e-6);
  penalty.backward();
  const at::Tensor expected = power.square().mul(0.02 * std::numbers::ln2).to(at::kFloat);
  EXPECT_TRUE(at::allclose(shift.grad(), expected, 1e-4, 1e-7));
  EXPECT_FALSE(made_layer(*make({{"method", "q"}}), linear(6, 4)).layer->penalty(0.02).defined());
}

TEST_F(DeepShift, RandomStartHasHalfItsSignsZero) {
  const auto op = make({{"method", "ps"}, {"init", "random"}});
  const MadeLayer m = made_layer(*op, linear(100, 100));
  double zeros = -1;
  for (const Metric& metric : m.layer->diagnostics()) {
    if (metric.name == "zero_sign_fraction") zeros = metric.value;
  }
  EXPECT_NEAR(zeros, 0.5, 0.03);
  const MadeLayer other =
      made_layer(*op, linear(100, 100), {{"weight", at::ones({100, 100})}, {"bias", at::ones({100})}});
  EXPECT_TRUE(at::equal(parameter(*m.layer, "shift"), parameter(*other.layer, "shift"))) << "whatever the weights";
}

TEST_F(DeepShift, FrozenSignsAreABuffer) {
  const auto op = make({{"method", "ps"}, {"freeze_sign", true}});
  const MadeLayer m = made_layer(*op, linear(6, 4));
  for (const LayerParameter& p : m.layer->parameters()) EXPECT_NE(p.name, "sign");
  ASSERT_EQ(m.layer->buffers().size(), 1U);
  EXPECT_EQ(m.layer->buffers()[0].name, "sign");
  run(*m.layer, input_of(m.spec), {.training = true}).sum().backward();
  EXPECT_TRUE(parameter(*m.layer, "shift").grad().defined());
}

TEST_F(DeepShift, CompatRoundsAsTheOriginalDoes) {
  const auto rounds = [&](const char* method, const LayerSpec& spec) {
    const Attributes a =
        make({{"method", method}, {"deepshift_compat", true}})->expand(spec, nullptr, {}).layers[0].attributes;
    EXPECT_EQ(a.text("fixed_clamp"), "legacy");
    return std::pair{a.integer("round_input"), a.integer("round_bias")};
  };
  const std::pair<int64_t, int64_t> both{1, 1}, input_only{1, 0}, neither{0, 0};
  EXPECT_EQ(rounds("q", convolution(4, 6, 3, 1, 1, 1, 1)), both);
  EXPECT_EQ(rounds("ps", convolution(4, 6, 3, 1, 1, 1, 1)), both);
  EXPECT_EQ(rounds("q", linear(6, 4)), input_only);
  EXPECT_EQ(rounds("ps", linear(6, 4)), neither);
}

TEST_F(DeepShift, RefusesOneWeightBit) {
  try {
    make({{"weight_bits", 1}});
    FAIL() << "took weight_bits 1";
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("range of shifts would be empty"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace dsnn
