#include "config/scalar.h"

#include <gtest/gtest.h>

namespace dsnn::config {
namespace {

TEST(Scalar, IntegersAreDecimalWithoutDecoration) {
  EXPECT_EQ(read_integer("42"), 42);
  EXPECT_EQ(read_integer("-7"), -7);
  EXPECT_EQ(read_integer("+7"), 7);
  EXPECT_EQ(read_integer("0"), 0);
  for (const char* bad : {"", "-", "010", "0x10", "1_000", "1e3", "1.0", "99999999999999999999", " 1", "1 "}) {
    EXPECT_FALSE(read_integer(bad)) << bad;
  }
}

TEST(Scalar, AnExponentMakesANumber) {
  EXPECT_EQ(read_number("1e-3"), 1e-3);
  EXPECT_EQ(read_number(".5"), 0.5);
  EXPECT_EQ(read_number("-2"), -2.0);
  for (const char* bad : {"", "nan", "inf", ".inf", "1e999", "0x1p3", "1,5", "--1", "00.5"})
    EXPECT_FALSE(read_number(bad)) << bad;
}

TEST(Scalar, OnlyTrueAndFalseAreBooleans) {
  EXPECT_EQ(read_boolean("true"), true);
  EXPECT_EQ(read_boolean("false"), false);
  for (const char* bad : {"yes", "no", "on", "True", "1"}) EXPECT_FALSE(read_boolean(bad)) << bad;
}

TEST(Scalar, DurationsNeedTheirUnit) {
  EXPECT_EQ(read_duration("90s"), 90);
  EXPECT_EQ(read_duration("8min"), 480);
  EXPECT_EQ(read_duration("1h30min"), 5400);
  EXPECT_EQ(read_duration("500ms"), 0.5);
  EXPECT_EQ(read_duration("2d"), 172800);
  for (const char* bad : {"", "90", "m", "8 min", "8minutes", "-1s"}) EXPECT_FALSE(read_duration(bad)) << bad;
}

TEST(Scalar, SizesNeedTheirUnit) {
  EXPECT_EQ(read_size("4GiB"), int64_t{4} << 30);
  EXPECT_EQ(read_size("1kB"), 1000);
  EXPECT_EQ(read_size("12B"), 12);
  for (const char* bad : {"", "4000", "4G", "1GiB2MiB"}) EXPECT_FALSE(read_size(bad)) << bad;
}

}  // namespace
}  // namespace dsnn::config
