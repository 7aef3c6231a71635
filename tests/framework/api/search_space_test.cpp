#include "dsnn/search_space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace {

using dsnn::Configuration;
using dsnn::Domain;
using dsnn::Parameter;
using dsnn::SearchSpace;
using dsnn::Value;

Parameter number(std::string id, Domain::Type type, double lo, double hi) {
  Parameter p;
  p.id = std::move(id);
  p.domain.type = type;
  p.domain.lo = lo;
  p.domain.hi = hi;
  p.default_value = type == Domain::Type::integer ? Value(static_cast<int64_t>(lo)) : Value(lo);
  return p;
}

Parameter choice(std::string id, std::vector<Value> choices) {
  Parameter p;
  p.id = std::move(id);
  p.domain.type = Domain::Type::choice;
  p.default_value = choices.front();
  p.domain.choices = std::move(choices);
  return p;
}

Parameter when(Parameter p, int parent, int taken) {
  p.active_when.push_back({.parent = parent, .first = taken, .last = taken});
  return p;
}

/// optimizer {sgd, adam}; momentum 0..9 under sgd; beta {a, b, c} under adam; depth 1..4.
SearchSpace conditional_space() {
  return SearchSpace({choice("optimizer", {"sgd", "adam"}), when(number("momentum", Domain::Type::integer, 0, 9), 0, 0),
                      when(choice("beta", {"a", "b", "c"}), 0, 1), number("depth", Domain::Type::integer, 1, 4)});
}

SearchSpace real_space(double lo, double hi, bool log, double step = 0) {
  Parameter p = number("x", Domain::Type::real, lo, hi);
  p.domain.log = log;
  p.domain.step = step;
  return SearchSpace({p});
}

TEST(SearchSpace, SampleDropsInactiveParameters) {
  const SearchSpace space = conditional_space();
  dsnn::Rng rng(1);
  for (int i = 0; i < 200; ++i) {
    const Configuration c = space.sample(rng);
    const bool sgd = c.find("optimizer")->string() == "sgd";
    EXPECT_EQ(c.find("momentum") != nullptr, sgd);
    EXPECT_EQ(c.find("beta") != nullptr, !sgd);
    EXPECT_NE(c.find("depth"), nullptr);
  }
}

TEST(SearchSpace, SameStreamGivesSameSample) {
  const SearchSpace space = conditional_space();
  dsnn::Rng a(7, 3), b(7, 3);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(space.sample(a), space.sample(b));
}

TEST(SearchSpace, CountsConditionalBranchesBySum) { EXPECT_EQ(conditional_space().count(), 4.0 * (10 + 3)); }

TEST(SearchSpace, CountsASharedChildOnce) {
  Parameter shared = number("lr", Domain::Type::integer, 1, 5);
  shared.active_when = {{.parent = 0, .first = 0, .last = 0}, {.parent = 0, .first = 1, .last = 1}};
  const SearchSpace space({choice("optimizer", {"sgd", "adam", "none"}), shared});
  EXPECT_EQ(space.count(), 5.0 + 5.0 + 1.0);
}

TEST(SearchSpace, CountsNestedConditions) {
  const SearchSpace space({choice("a", {"x", "y"}), when(choice("b", {"p", "q", "r"}), 0, 1),
                           when(number("c", Domain::Type::integer, 1, 7), 1, 2),
                           number("d", Domain::Type::integer, 0, 1)});
  EXPECT_EQ(space.count(), 2.0 * (1 + (1 + 1 + 7)));
}

TEST(SearchSpace, HasNoCountWithAContinuum) {
  EXPECT_FALSE(real_space(0, 1, false).count().has_value());
  EXPECT_EQ(real_space(0, 1, false, 0.25).count(), 5.0);
}

TEST(SearchSpace, EnumerationVisitsEveryConfigurationOnce) {
  const SearchSpace space = conditional_space();
  std::set<std::string> seen;
  space.enumerate([&](const Configuration& c) {
    EXPECT_EQ(space.repaired(c), c);
    return seen.insert(c.to_json()).second;
  });
  EXPECT_EQ(static_cast<double>(seen.size()), *space.count());
}

TEST(SearchSpace, EnumerationStopsWhenTold) {
  int visits = 0;
  conditional_space().enumerate([&](const Configuration&) { return ++visits < 3; });
  EXPECT_EQ(visits, 3);
}

TEST(SearchSpace, IntegerCellsAreEquallyWide) {
  const SearchSpace space({number("n", Domain::Type::integer, 2, 5)});
  EXPECT_EQ(space.value_at(0, 0.0), Value(2));
  EXPECT_EQ(space.value_at(0, 0.249), Value(2));
  EXPECT_EQ(space.value_at(0, 0.25), Value(3));
  EXPECT_EQ(space.value_at(0, 1.0), Value(5));
  EXPECT_DOUBLE_EQ(space.unit_of(0, Value(2)), 0.125);
}

TEST(SearchSpace, LogScaleIsUniformInTheExponent) {
  const SearchSpace space = real_space(1e-4, 1.0, true);
  EXPECT_NEAR(space.value_at(0, 0.5).number(), 1e-2, 1e-12);
  EXPECT_NEAR(space.unit_of(0, Value(1e-3)), 0.25, 1e-12);
  EXPECT_DOUBLE_EQ(space.value_at(0, 1.0).number(), 1.0);
}

TEST(SearchSpace, LogIntegersReachBothEndsAndComeBack) {
  Parameter p = number("n", Domain::Type::integer, 1, 100);
  p.domain.log = true;
  const SearchSpace space({p});
  EXPECT_EQ(space.value_at(0, 0.0), Value(1));
  EXPECT_EQ(space.value_at(0, 1.0), Value(100));
  for (int64_t n = 1; n <= 100; ++n) EXPECT_EQ(space.value_at(0, space.unit_of(0, Value(n))), Value(n));
}

TEST(SearchSpace, StepsStayOnTheGrid) {
  const SearchSpace space = real_space(0.1, 0.7, false, 0.2);
  std::set<double> seen;
  for (int i = 0; i <= 100; ++i) seen.insert(space.value_at(0, i / 100.0).number());
  EXPECT_EQ(seen.size(), 4U);
  for (double x : seen) EXPECT_TRUE(space.parameters()[0].domain.contains(Value(x))) << x;
  EXPECT_FALSE(space.parameters()[0].domain.contains(Value(0.2)));
}

TEST(SearchSpace, EncodesByKindOfDomain) {
  Parameter ordered = choice("batch", {64, 128, 256});
  ordered.domain.ordered = true;
  const SearchSpace space(
      {choice("method", {"q", "ps"}), ordered, when(number("bits", Domain::Type::integer, 2, 5), 0, 1)});
  Configuration c;
  c.values = {{"method", "q"}, {"batch", 128}};
  const std::vector<double> row = space.encode(c);
  EXPECT_DOUBLE_EQ(row[0], 0);
  EXPECT_DOUBLE_EQ(row[1], 0.5);
  EXPECT_TRUE(std::isnan(row[2]));
}

TEST(SearchSpace, DecodeInvertsUnitOf) {
  const SearchSpace space = conditional_space();
  dsnn::Rng rng(5);
  for (int i = 0; i < 100; ++i) {
    const Configuration c = space.sample(rng);
    std::vector<double> unit(space.size(), std::nan(""));
    for (size_t p = 0; p < space.size(); ++p) {
      if (const Value* v = c.find(space.parameters()[p].id)) unit[p] = space.unit_of(p, *v);
    }
    EXPECT_EQ(space.decode(unit), c);
  }
}

TEST(SearchSpace, RepairsForeignConfigurations) {
  const SearchSpace space = conditional_space();
  Configuration c;
  c.values = {{"optimizer", "adam"}, {"momentum", 3}, {"depth", 99}, {"unknown", true}};
  const Configuration repaired = space.repaired(c);
  EXPECT_EQ(repaired.find("momentum"), nullptr);
  EXPECT_EQ(repaired.find("unknown"), nullptr);
  EXPECT_EQ(*repaired.find("beta"), Value("a"));
  EXPECT_EQ(*repaired.find("depth"), Value(4));
}

TEST(SearchSpace, DefaultConfigurationHoldsActiveDefaults) {
  const Configuration c = conditional_space().default_configuration();
  EXPECT_EQ(c.to_json(), R"({"depth":1,"momentum":0,"optimizer":"sgd"})");
}

TEST(SearchSpace, JsonRoundTripKeepsEverything) {
  const SearchSpace space = conditional_space();
  const SearchSpace back = SearchSpace::from_json(dsnn::parse_json(dsnn::to_json(space.to_json())));
  EXPECT_EQ(dsnn::to_json(back.to_json()), dsnn::to_json(space.to_json()));
  dsnn::Rng a(3), b(3);
  EXPECT_EQ(space.sample(a), back.sample(b));
}

TEST(Configuration, JsonRoundTrip) {
  Configuration c;
  c.values = {{"a.b", 0.1}, {"c", "q"}, {"d", 3}};
  EXPECT_EQ(Configuration::from_json(dsnn::parse_json(c.to_json())), c);
}

TEST(Configuration, HashesAreEqualExactlyWhereConfigurationsAre) {
  const auto of = [](Value v) {
    Configuration c;
    c.values = {{"a", std::move(v)}};
    return c;
  };
  const std::vector<Configuration> all = {of(1),
                                          of(1.0),
                                          of("1"),
                                          of(true),
                                          of(2),
                                          of(0.1),
                                          of("ab"),
                                          of(Value(Value::List{1, 2})),
                                          of(Value(Value::List{2, 1})),
                                          {}};
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < all.size(); ++j)
      EXPECT_EQ(all[i].hash() == all[j].hash(), all[i] == all[j]) << i << " " << j;
  }
  const Value ab(Value::Map{{"x", Value(1)}, {"y", Value(2)}}), ba(Value::Map{{"y", Value(2)}, {"x", Value(1)}});
  EXPECT_EQ(of(ab).hash(), of(ba).hash());
  EXPECT_EQ(of(0.0).hash(), of(-0.0).hash());
  Configuration moved;
  moved.values = {{"b", 1}};
  EXPECT_NE(moved.hash(), of(1).hash());
}

TEST(ConfigurationSet, HoldsEachConfigurationOnce) {
  dsnn::ConfigurationSet set;
  const SearchSpace space = conditional_space();
  EXPECT_TRUE(set.insert(space.default_configuration()));
  EXPECT_FALSE(set.insert(space.default_configuration()));
  EXPECT_TRUE(set.contains(space.default_configuration()));
  EXPECT_FALSE(set.contains({}));
  EXPECT_EQ(set.size(), 1u);
}

}  // namespace
