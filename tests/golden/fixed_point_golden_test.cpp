#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cmath>
#include <iostream>

#include "golden/golden_file.h"
#include "kernels/quantize/quantize.h"

namespace dsnn {
namespace {

std::vector<std::string> names_below(const Tensors& tensors, const std::string& prefix) {
  std::vector<std::string> out;
  for (const auto& [key, tensor] : tensors) {
    if (key.starts_with(prefix) && key.ends_with("/input")) out.push_back(key.substr(0, key.size() - 6));
  }
  return out;
}

at::Tensor rounded(const at::Tensor& x, const kernels::FixedRange<float>& range) {
  const at::Tensor out = at::empty_like(x);
  kernels::round_fixed_point(x.const_data_ptr<float>(), out.mutable_data_ptr<float>(), x.numel(), range);
  return out;
}

kernels::FixedRange<float> range_of(int integer, int fraction, double highest) {
  return {.scale = static_cast<float>(std::ldexp(1.0, fraction)),
          .step = static_cast<float>(std::ldexp(1.0, -fraction)),
          .lowest = static_cast<float>(-std::ldexp(1.0, integer - 1)),
          .highest = static_cast<float>(highest)};
}

TEST(FixedPointGolden, ActivationRoundingMatchesTheOriginal) {
  DSNN_REQUIRE_GOLDEN("fixed_point");
  const Tensors tensors = golden::read_tensors("fixed_point");
  int checked = 0;
  for (const std::string& name : names_below(tensors, "fixed/")) {
    SCOPED_TRACE(name);
    const std::string format = name.substr(6);
    const int integer = std::stoi(format), fraction = std::stoi(format.substr(format.find('.') + 1));
    const at::Tensor input = tensors.at(name + "/input"), output = tensors.at(name + "/output");
    if (integer == 1) {
      // The original's sign(x) - 1 is recorded but not what a fixed-point format means: ours is -1 .. 1 - 2^-F.
      EXPECT_EQ(golden::largest_difference(output, input.sign().sub(1)), 0);
      const double step = std::ldexp(1.0, -fraction);
      const at::Tensor meant = input.to(at::kDouble).div(step).floor().mul(step).clamp(-1.0, 1.0 - step);
      EXPECT_EQ(golden::largest_difference(rounded(input, range_of(integer, fraction, 1.0 - step)), meant), 0);
    } else {
      const auto legacy = range_of(integer, fraction, std::ldexp(1.0, integer - 1) - 1);
      EXPECT_EQ(golden::largest_difference(rounded(input, legacy), output), 0);
    }
    ++checked;
  }
  EXPECT_GT(checked, 0);
}

TEST(FixedPointGolden, PowerOfTwoRoundingIsExact) {
  DSNN_REQUIRE_GOLDEN("fixed_point");
  const Tensors tensors = golden::read_tensors("fixed_point");
  const at::Tensor input = tensors.at("pow2/general/input");
  const at::Tensor output = at::empty_like(input), shift = at::empty_like(input), sign = at::empty_like(input);
  kernels::round_power_of_two(input.const_data_ptr<float>(), output.mutable_data_ptr<float>(), input.numel());
  kernels::split_weight(input.const_data_ptr<float>(), shift.mutable_data_ptr<float>(), sign.mutable_data_ptr<float>(),
                        input.numel());
  EXPECT_EQ(golden::largest_difference(output, tensors.at("pow2/general/output")), 0);
  EXPECT_EQ(golden::largest_difference(shift, tensors.at("pow2/general/shift")), 0);
  EXPECT_EQ(golden::largest_difference(shift, tensors.at("pow2/general/exact_shift")), 0);
  EXPECT_EQ(golden::largest_difference(sign, tensors.at("pow2/general/sign")), 0);
  const at::Tensor in_double = input.to(at::kDouble), double_shift = at::empty_like(in_double),
                   double_sign = at::empty_like(in_double);
  kernels::split_weight(in_double.const_data_ptr<double>(), double_shift.mutable_data_ptr<double>(),
                        double_sign.mutable_data_ptr<double>(), input.numel());
  EXPECT_EQ(golden::largest_difference(double_shift, tensors.at("pow2/general/exact_shift")), 0);
}

TEST(FixedPointGolden, NearTiesTakeTheExactExponent) {
  DSNN_REQUIRE_GOLDEN("fixed_point");
  const Tensors tensors = golden::read_tensors("fixed_point");
  const at::Tensor input = tensors.at("pow2/near_tie/input");
  const at::Tensor shift = at::empty_like(input), sign = at::empty_like(input), output = at::empty_like(input);
  kernels::split_weight(input.const_data_ptr<float>(), shift.mutable_data_ptr<float>(), sign.mutable_data_ptr<float>(),
                        input.numel());
  kernels::round_power_of_two(input.const_data_ptr<float>(), output.mutable_data_ptr<float>(), input.numel());
  EXPECT_EQ(golden::largest_difference(shift, tensors.at("pow2/near_tie/exact_shift")), 0);
  EXPECT_EQ(golden::largest_difference(output, shift.to(at::kDouble).exp2().mul(sign).to(at::kFloat)), 0);
}

TEST(FixedPointGolden, ProjectionKeepsWeightsInsideTheRange) {
  DSNN_REQUIRE_GOLDEN("fixed_point");
  const Tensors tensors = golden::read_tensors("fixed_point");
  int checked = 0;
  for (const std::string& name : names_below(tensors, "clampabs/wb")) {
    SCOPED_TRACE(name);
    const int bits = std::stoi(name.substr(11));
    const at::Tensor weight = tensors.at(name + "/input").clone(), quantized = at::empty_like(weight);
    kernels::quantize_q(weight.mutable_data_ptr<float>(), quantized.mutable_data_ptr<float>(), weight.numel(),
                        -((1 << (bits - 1)) - 1));
    EXPECT_EQ(golden::largest_difference(weight, tensors.at(name + "/output")), 0);
    ++checked;
  }
  EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace dsnn
