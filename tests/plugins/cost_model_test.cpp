#include <gtest/gtest.h>

#include "dsnn/cost_model.h"
#include "support/components.h"

namespace {

using dsnn::Arithmetic;
using dsnn::Cost;
using dsnn::Graph;
using dsnn::Value;

struct Linear {
  int64_t in, out;
  dsnn::Numeric numeric;
};

/// One linear layer with its input.
Graph graph_of(const Linear& layer) {
  Graph graph;
  const int input = graph.add_function("input", {});
  dsnn::LayerSpec spec;
  spec.name = "fc";
  spec.type = layer.numeric.arithmetic == Arithmetic::multiply ? "linear" : "deepshift.linear";
  spec.attributes.set("in", layer.in).set("out", layer.out).set("bias", int64_t{1});
  spec.numeric = layer.numeric;
  const int node = graph.add_node(graph.add_layer(std::move(spec)), {graph.add_function("flatten", {input})});
  graph.outputs.push_back({"logits", node});
  graph.infer_shapes({layer.in, 1, 1});
  return graph;
}

class HardwareModel : public testing::Test {
 protected:
  Cost cost(const Linear& layer, const Value& given = Value::map()) {
    return plugins_.make<dsnn::CostModel>("hardware_model", given)->cost(graph_of(layer));
  }
  dsnn::test::Components plugins_;
};

constexpr dsnn::Numeric kFloat{
    .arithmetic = Arithmetic::multiply, .weight_bits = 32, .activation_bits = 32, .frozen = false};
constexpr dsnn::Numeric kShift{
    .arithmetic = Arithmetic::shift, .weight_bits = 5, .activation_bits = 32, .frozen = false};
constexpr dsnn::Numeric kShift8{
    .arithmetic = Arithmetic::shift, .weight_bits = 5, .activation_bits = 8, .frozen = false};
constexpr dsnn::Numeric kAdder{
    .arithmetic = Arithmetic::add, .weight_bits = 32, .activation_bits = 32, .frozen = false};

TEST_F(HardwareModel, FloatPaysAMultiplicationAndAnAdditionPerMac) {
  const Cost c = cost({.in = 1000, .out = 1000, .numeric = kFloat});
  EXPECT_EQ(c.multiplications, 1000000);
  EXPECT_EQ(c.adds, 1000000);
  EXPECT_EQ(c.shifts, 0);
  EXPECT_EQ(c.energy_mj, 1e6 * 4600 / 1e12);
}

TEST_F(HardwareModel, ShiftPaysAShiftAndAnAdditionPerMac) {
  const Cost c = cost({.in = 1000, .out = 1000, .numeric = kShift});
  EXPECT_EQ(c.multiplications, 0);
  EXPECT_EQ(c.shifts, 1000000);
  EXPECT_EQ(c.adds, 1000000);
  EXPECT_EQ(c.energy_mj, 1e6 * 230 / 1e12);
}

TEST_F(HardwareModel, FloatCostsTwentyTimesAShift) {
  const double ratio = cost({.in = 64, .out = 10, .numeric = kFloat}).energy_mj /
                       cost({.in = 64, .out = 10, .numeric = kShift}).energy_mj;
  EXPECT_DOUBLE_EQ(ratio, 4.6 / 0.23);
}

TEST_F(HardwareModel, EightBitActivationsTakeTheCheaperRow) {
  EXPECT_EQ(cost({.in = 1000, .out = 1000, .numeric = kShift8}).energy_mj, 1e6 * 54 / 1e12);
}

TEST_F(HardwareModel, AddersPayTwoAdditionsPerMacAndOutput) {
  const Cost c = cost({.in = 25, .out = 40, .numeric = kAdder});
  EXPECT_EQ(c.adds, 2 * (25 * 40 + 40));
  EXPECT_EQ(c.multiplications, 0);
  EXPECT_EQ(c.energy_mj, static_cast<double>(c.adds * 900) / 1e12);
}

TEST_F(HardwareModel, StoredWeightBitsAreMemory) {
  const Cost c = cost({.in = 1000, .out = 1000, .numeric = kShift}, Value(Value::Map{{"weight_bit_fj", 20}}));
  EXPECT_EQ(c.ops_mj, 1e6 * 230 / 1e12);
  EXPECT_EQ(c.memory_mj, 1e6 * 5 * 20 / 1e12);
  EXPECT_EQ(c.energy_mj, 1e6 * 330 / 1e12);
  EXPECT_EQ(cost({.in = 1000, .out = 1000, .numeric = kFloat}, Value(Value::Map{{"weight_bit_fj", 20}})).memory_mj,
            1e6 * 640 / 1e12);
}

TEST_F(HardwareModel, PrintedFp32AdditionCanBeChosen) {
  EXPECT_EQ(cost({.in = 1000, .out = 1000, .numeric = kFloat}, Value(Value::Map{{"fp32_add_pj", 1.1}})).energy_mj,
            1e6 * 4800 / 1e12);
  EXPECT_THROW(cost({.in = 1, .out = 1, .numeric = kFloat}, Value(Value::Map{{"fp32_add_pj", 1.0}})),
               dsnn::ConfigError);
}

/// MobileNetV2-w0.35 of the hardware specification, section 7: 4,388,400 depthwise MACs, 128,000 of the classifier and
/// 25,206,400 of other convolutions with 973,000 output elements, here as linear layers of the same counts.
TEST_F(HardwareModel, CountsOfMobileNetV2AgreeWithThePublishedTable) {
  const std::vector<std::pair<int64_t, int64_t>> others = {{25, 91600}, {26, 881400}};
  int64_t base_macs = 0, add_multiplications = 0, add_adds = 0;
  for (const auto& [in, out] : {std::pair<int64_t, int64_t>{1, 4388400}, {1280, 100}}) {
    const Cost c = cost({.in = in, .out = out, .numeric = kFloat});
    base_macs += c.multiplications;
    add_multiplications += c.multiplications;
    add_adds += c.adds;
  }
  for (const auto& [in, out] : others) {
    base_macs += cost({.in = in, .out = out, .numeric = kFloat}).multiplications;
    add_adds += cost({.in = in, .out = out, .numeric = kAdder}).adds;
  }
  EXPECT_EQ(base_macs, 29722800);
  EXPECT_EQ(add_multiplications, 4516400);
  EXPECT_EQ(add_adds, 56875200);
}

TEST_F(HardwareModel, LayersAddUpToTheTotal) {
  const Cost c = cost({.in = 784, .out = 300, .numeric = kShift}, Value(Value::Map{{"weight_bit_fj", 20}}));
  ASSERT_EQ(c.layers.size(), 1U);
  EXPECT_EQ(c.layers[0].layer, "fc");
  EXPECT_EQ(c.layers[0].ops_mj + c.layers[0].memory_mj, c.energy_mj);
  EXPECT_EQ(c.layers[0].shifts, 784 * 300);
}

TEST_F(HardwareModel, DeclaresItsMetricsAsKnownBeforeTraining) {
  const auto* info = plugins_.catalog().default_of(dsnn::Kind::cost_model);
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->name, "hardware_model");
  for (const Value& metric : info->metrics.items()) EXPECT_TRUE(metric.at("static").boolean());
}

}  // namespace
