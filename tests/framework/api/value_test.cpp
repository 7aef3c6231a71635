#include "dsnn/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

using dsnn::Value;

TEST(Value, NumbersThatAreNotFiniteSurviveJson) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto trip = [](double x) { return dsnn::parse_json(dsnn::to_json(Value(x))).number_or_word(); };
  EXPECT_TRUE(std::isnan(trip(std::nan("")).value()));
  EXPECT_EQ(trip(kInfinity), kInfinity);
  EXPECT_EQ(trip(-kInfinity), -kInfinity);
  EXPECT_EQ(trip(0.1), 0.1);
  EXPECT_EQ(Value(3).number_or_word(), 3.0);
}

TEST(Value, OtherWordsAreNoNumbers) {
  EXPECT_EQ(Value("infinite").number_or_word(), std::nullopt);
  EXPECT_EQ(Value().number_or_word(), std::nullopt);
  EXPECT_EQ(Value(true).number_or_word(), std::nullopt);
}

}  // namespace
