#include "kernels/quantize/quantize.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "dsnn/rng.h"
#include "kernels/quantize/element.h"

namespace dsnn::kernels {
namespace {

/// Weights over many octaves, with zeros, subnormals, values above one and non-finite ones among them.
template <class T>
std::vector<T> sample_weights(size_t count) {
  Rng rng(7);
  std::vector<T> out = {T(0),
                        -T(0),
                        T(1),
                        T(-1),
                        T(1.5),
                        T(-3),
                        T(1e-8),
                        std::numeric_limits<T>::denorm_min(),
                        std::numeric_limits<T>::min() / 2,
                        T(0.75),
                        T(0.7070),
                        T(0.7072),
                        T(-1e-30)};
  while (out.size() < count)
    out.push_back(static_cast<T>(std::exp2(rng.uniform(-20, 2)) * (rng.uniform() < 0.5 ? -1 : 1)));
  return out;
}

template <class T>
class QuantizeOf : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(QuantizeOf, Types);

TYPED_TEST(QuantizeOf, PassAgreesWithTheElementFormulaOnEveryInstructionSet) {
  using T = TypeParam;
  for (int lowest : {-1, -3, -7, -15, -31, -127}) {
    const std::vector<T> start = sample_weights<T>(1003);
    std::vector<T> weight = start, quantized(start.size());
    quantize_q(weight.data(), quantized.data(), static_cast<int64_t>(weight.size()), lowest);
    const T least = static_cast<T>(std::ldexp(1.0, lowest));
    for (size_t i = 0; i < start.size(); ++i) {
      const T projected = element::project(start[i], least);
      ASSERT_EQ(weight[i], projected) << i;
      ASSERT_EQ(quantized[i], element::power_of_two(projected)) << i;
    }
  }
}

TYPED_TEST(QuantizeOf, QGivesTheNearestPowerOfTwoInTheLogDomain) {
  using T = TypeParam;
  std::vector<T> weight = sample_weights<T>(5000);
  std::vector<T> quantized(weight.size());
  quantize_q(weight.data(), quantized.data(), static_cast<int64_t>(weight.size()), -15);
  for (size_t i = 0; i < weight.size(); ++i) {
    if (weight[i] == T(0)) {
      EXPECT_EQ(quantized[i], T(0));
      continue;
    }
    const double exponent = std::log2(std::fabs(static_cast<double>(weight[i])));
    EXPECT_EQ(std::fabs(static_cast<double>(quantized[i])), std::exp2(std::nearbyint(exponent))) << weight[i];
    EXPECT_EQ(std::signbit(quantized[i]), std::signbit(weight[i]));
    EXPECT_GE(std::fabs(weight[i]), T(0x1p-15));
    EXPECT_LE(std::fabs(weight[i]), T(1));
  }
}

TYPED_TEST(QuantizeOf, PsRoundsShiftAndSignHalfToEven) {
  using T = TypeParam;
  std::vector<T> shift = {T(-0.5), T(-1.5), T(-2.5), T(3), T(-99), T(-1.2), T(-1.2), T(-1.2), T(-0.51), T(-13.5)};
  const std::vector<T> sign = {T(1), T(1), T(-1), T(1), T(1), T(0.5), T(-0.5), T(0.51), T(-7), T(1)};
  std::vector<T> weight(shift.size());
  quantize_ps(shift.data(), sign.data(), weight.data(), static_cast<int64_t>(shift.size()), -14);
  const std::vector<T> expected = {T(1), T(0.25), T(-0.25), T(1), T(0x1p-14), T(0), T(0), T(0.5), T(-0.5), T(0x1p-14)};
  EXPECT_EQ(weight, expected);
  EXPECT_EQ(shift[3], T(0));
  EXPECT_EQ(shift[4], T(-14));
}

TYPED_TEST(QuantizeOf, NotANumberStaysVisible) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> weight(33, nan), shift(33, nan), sign(33, nan), out(33), one(33, T(1));
  quantize_q(weight.data(), out.data(), 33, -15);
  for (const T value : out) EXPECT_TRUE(std::isnan(value));
  quantize_ps(shift.data(), one.data(), out.data(), 33, -14);
  for (const T value : out) EXPECT_TRUE(std::isnan(value));
  quantize_ps(one.data(), sign.data(), out.data(), 33, -14);
  for (const T value : out) EXPECT_TRUE(std::isnan(value));
}

TYPED_TEST(QuantizeOf, FixedPointFloorsClampsAndRounds) {
  using T = TypeParam;
  const std::vector<T> in = {T(0), T(0.03), T(-0.03), T(3.97), T(99), T(-99), T(1.0 / 64), T(3.0 / 64)};
  std::vector<T> out(in.size());
  FixedRange<T> range{.scale = 32, .step = T(1) / 32, .lowest = -4, .highest = T(4) - T(1) / 32};
  round_fixed_point(in.data(), out.data(), static_cast<int64_t>(in.size()), range);
  EXPECT_EQ(out, (std::vector<T>{T(0), T(0), T(-1) / 32, T(127) / 32, range.highest, T(-4), T(0), T(1) / 32}));
  range.nearest = true;
  round_fixed_point(in.data(), out.data(), static_cast<int64_t>(in.size()), range);
  EXPECT_EQ(out, (std::vector<T>{T(0), T(1) / 32, T(-1) / 32, T(127) / 32, range.highest, T(-4), T(0), T(2) / 32}));
}

TYPED_TEST(QuantizeOf, StochasticRoundingTakesTheFractionAsItsProbability) {
  using T = TypeParam;
  const size_t count = 20000;
  Rng rng(3);
  std::vector<T> weight(count, static_cast<T>(std::exp2(-2.25))), uniform(count), out(count);
  for (T& u : uniform) u = static_cast<T>(rng.uniform());
  weight[0] = T(0);
  quantize_q_stochastic(weight.data(), uniform.data(), out.data(), static_cast<int64_t>(count), -15);
  EXPECT_EQ(out[0], T(0));
  double upper = 0;
  for (size_t i = 1; i < count; ++i) {
    ASSERT_TRUE(out[i] == T(0.25) || out[i] == T(0.125));
    upper += out[i] == T(0.25) ? 1 : 0;
  }
  EXPECT_NEAR(upper / static_cast<double>(count), 0.75, 0.02);
}

TYPED_TEST(QuantizeOf, SplitWeightNamesZeroByAnInfiniteShift) {
  using T = TypeParam;
  const std::vector<T> weight = {T(0), T(0.75), T(-0.7), T(1e-30), T(-2)};
  std::vector<T> shift(weight.size()), sign(weight.size());
  split_weight(weight.data(), shift.data(), sign.data(), static_cast<int64_t>(weight.size()));
  EXPECT_EQ(shift, (std::vector<T>{-std::numeric_limits<T>::infinity(), T(0), T(-1), T(-100), T(1)}));
  EXPECT_EQ(sign, (std::vector<T>{T(0), T(1), T(-1), T(1), T(-1)}));
}

TEST(Quantize, RoundsEveryMantissaLikeTheExactLogarithm) {
  const double boundary = std::sqrt(2.0);
  for (uint32_t mantissa = 0; mantissa < (1u << 23); mantissa += 251) {
    const float w = std::bit_cast<float>(0x3F800000u | mantissa);
    EXPECT_EQ(element::power_of_two(w), static_cast<double>(w) > boundary ? 2.0F : 1.0F);
  }
  EXPECT_EQ(element::power_of_two(std::nextafter(static_cast<float>(boundary), 0.0F)), 1.0F);
}

}  // namespace
}  // namespace dsnn::kernels
