#include "dsnn/manifest_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "dsnn/value.h"

namespace dsnn {
namespace {

std::string number(double value) {
  std::string out;
  manifest_text::append_number(out, value);
  return out;
}

double read_back(double value) { return parse_json(number(value)).number(); }

TEST(ManifestText, NumbersReadBackExactly) {
  for (const double value :
       {0.0, 1.0, -1.0, 0.1, 1e-3, 0.9, 0.3, 1.0 / 3, 123456789.0, 1e-8, 5e-4, 0.002, 2.5e-10, 1e15}) {
    EXPECT_EQ(read_back(value), value) << number(value);
  }
}

TEST(ManifestText, RandomNumbersReadBackExactly) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> mantissa(1, 10);
  for (int i = 0; i < 2000; ++i) {
    const double value = mantissa(random) * std::pow(10.0, static_cast<int>(random() % 25) - 12);
    EXPECT_EQ(read_back(value), value) << number(value);
  }
}

TEST(ManifestText, NumbersStayFloats) {
  EXPECT_EQ(number(0), "0.0");
  EXPECT_EQ(number(0.1), "1e-1");
  EXPECT_EQ(number(-250), "-25e1");
  EXPECT_TRUE(parse_json(number(3)).is_float());
}

TEST(ManifestText, IntegersCoverTheWholeRange) {
  for (const int64_t value : {int64_t{0}, int64_t{-1}, INT64_MAX, INT64_MIN}) {
    std::string out;
    manifest_text::append_integer(out, value);
    EXPECT_EQ(out, std::to_string(value));
  }
}

TEST(ManifestText, QuotesStrings) {
  std::string out;
  manifest_text::append_string(out, "a \"b\" \\ c\nd");
  EXPECT_EQ(parse_json(out).string(), "a \"b\" \\ c\nd");
}

constexpr auto kInner = schema("inner", "").flag("deep", {.value = true, .doc = "inside"});
constexpr auto kSchema =
    schema("sgd", "Stochastic gradient descent")
        .number("momentum", {.value = 0.0, .min = 0.0, .max_exclusive = 1.0, .doc = "Momentum factor"})
        .integer("depth", {.min = 0, .words = {"all"}, .json = "\"all\"", .doc = "How many"})
        .choice("method", {.choices = {"q", "ps"}, .value = "q", .doc = "Which"})
        .text("label", {.value = "x", .doc = "A literal as default"})
        .list("sizes", {.item = FieldType::integer, .json = "[1,2]", .doc = "Numbers"})
        .map("inner", {.fields = kInner.fields(), .doc = "A map"})
        .component("schedule", {.kind = "schedule", .json = "{\"type\":\"constant\"}", .doc = "A part"});

TEST(Schema, WritesEveryFieldAsJson) {
  std::string text;
  manifest_text::append_fields(text, kSchema.fields().data(), kSchema.fields().size());
  const Value fields = parse_json(text);
  ASSERT_EQ(fields.size(), 7U);
  EXPECT_EQ(fields.items()[0].at("max_exclusive").number(), 1.0);
  EXPECT_EQ(fields.items()[1].at("default").string(), "all");
  EXPECT_EQ(fields.items()[2].at("choices").items()[1].string(), "ps");
  EXPECT_EQ(fields.items()[3].at("default").string(), "x");
  EXPECT_EQ(fields.items()[4].at("item").string(), "int");
  EXPECT_EQ(fields.items()[5].at("fields").items()[0].at("key").string(), "deep");
  EXPECT_EQ(fields.items()[6].at("default").at("type").string(), "constant");
}

TEST(Schema, IsALiteralValue) {
  static_assert(kSchema.fields().size() == 7);
  static_assert(kSchema.name() == "sgd");
  constexpr auto longer = kSchema.flag("more", {.value = false, .doc = ""});
  static_assert(longer.fields().size() == 8 && kSchema.fields().size() == 7);
}

}  // namespace
}  // namespace dsnn
