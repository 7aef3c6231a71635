#include "execution/probes.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dsnn::execution {
namespace {

Parameter choice(const std::string& id, std::vector<Value> values, std::vector<Condition> when = {}) {
  const Value first = values.front();
  return {.id = id,
          .domain = {.type = Domain::Type::choice, .choices = std::move(values)},
          .default_value = first,
          .active_when = std::move(when)};
}

Parameter integer(const std::string& id, double lo, double hi, int64_t standard, std::vector<Condition> when = {}) {
  return {.id = id,
          .domain = {.type = Domain::Type::integer, .lo = lo, .hi = hi, .choices = {}},
          .default_value = Value(standard),
          .active_when = std::move(when)};
}

bool some(const std::vector<Configuration>& all, const std::map<std::string, Value>& values) {
  return std::any_of(all.begin(), all.end(), [&](const Configuration& c) { return c.values == values; });
}

TEST(Probes, WithoutASearchTheOneConfigurationIsProbed) {
  const std::vector<Configuration> all = probes(SearchSpace());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all[0].values.empty());
}

TEST(Probes, ShowEveryChoiceAndBothEndsOfARangeWithAllElseAtItsDefault) {
  const SearchSpace space({choice("method", {"q", "ps", "mixed"}), integer("bits", 2, 8, 5)});
  const std::vector<Configuration> all = probes(space);
  EXPECT_EQ(all.front(), space.default_configuration());
  EXPECT_EQ(all.size(), 5U);
  EXPECT_TRUE(some(all, {{"method", "ps"}, {"bits", int64_t{5}}}));
  EXPECT_TRUE(some(all, {{"method", "mixed"}, {"bits", int64_t{5}}}));
  EXPECT_TRUE(some(all, {{"method", "q"}, {"bits", int64_t{2}}}));
  EXPECT_TRUE(some(all, {{"method", "q"}, {"bits", int64_t{8}}}));
}

TEST(Probes, SwitchOnWhatTheDefaultLeavesInactiveUnderEveryChoiceItBelongsTo) {
  const SearchSpace space(
      {choice("optimizer", {"sgd", "adam", "radam"}),
       choice("adam.variant", {"plain", "amsgrad"}, {{.parent = 0, .first = 1, .last = 1}}),
       integer("rate", 1, 9, 3, {{.parent = 1, .first = 1, .last = 1}, {.parent = 0, .first = 2, .last = 2}})});
  const std::vector<Configuration> all = probes(space);
  EXPECT_TRUE(some(all, {{"optimizer", "adam"}, {"adam.variant", "amsgrad"}, {"rate", int64_t{3}}}));
  EXPECT_TRUE(some(all, {{"optimizer", "adam"}, {"adam.variant", "amsgrad"}, {"rate", int64_t{9}}}));
  EXPECT_TRUE(some(all, {{"optimizer", "radam"}, {"rate", int64_t{1}}}));
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(space.repaired(all[i]), all[i]) << "a probe is a configuration of the space";
    EXPECT_EQ(std::count(all.begin(), all.end(), all[i]), 1);
  }
}

TEST(Probes, AreBoundedForHugeChoices) {
  std::vector<Value> values;
  for (int64_t i = 0; i < 5000; ++i) values.emplace_back(i);
  EXPECT_EQ(probes(SearchSpace({choice("x", values)}), 100).size(), 100U);
}

}  // namespace
}  // namespace dsnn::execution
