// What must hold for every domain and every space, tried on thousands of random ones.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "dsnn/search_space.h"

namespace {

using dsnn::Configuration;
using dsnn::Domain;
using dsnn::Parameter;
using dsnn::Rng;
using dsnn::SearchSpace;
using dsnn::Value;

double power_of_ten(int64_t exponent) { return std::pow(10.0, static_cast<double>(exponent)); }

/// A number as an experiment file writes it: up to `digits` digits and an exponent.
double written(int64_t digits, int64_t exponent) {
  return std::stod(std::to_string(digits) + "e" + std::to_string(exponent));
}

Domain random_integers(Rng& rng) {
  Domain d{.type = Domain::Type::integer, .choices = {}};
  const auto most = static_cast<int64_t>(power_of_ten(rng.integer(1, 12)));
  const int64_t a = rng.integer(-most, most), b = rng.integer(-most, most);
  d.lo = static_cast<double>(std::min(a, b));
  d.hi = static_cast<double>(std::max(a, b) + (a == b ? 1 : 0));
  if (d.hi > Domain::kMostSteps) d.lo -= 2, d.hi -= 2;
  if (rng.uniform() < 0.3) {
    d.log = true;
    d.lo = static_cast<double>(rng.integer(1, most / 2));
    d.hi = d.lo + static_cast<double>(rng.integer(1, most / 2));
  } else if (rng.uniform() < 0.4) {
    d.step = static_cast<double>(rng.integer(1, static_cast<int64_t>(d.hi - d.lo)));
  }
  return d;
}

/// lo, hi and step with few decimals, or any double.
Domain random_grid(Rng& rng) {
  Domain d{.type = Domain::Type::real, .choices = {}};
  if (rng.uniform() < 0.7) {
    const int64_t exponent = rng.integer(-9, 6), step = rng.integer(1, 999);
    const int64_t most = rng.integer(1, rng.uniform() < 0.5 ? 50 : 900'000'000'000 / step);
    const int64_t lo = rng.integer(-most, most) * step / 2, span = rng.integer(1, most) * step / 2 + step;
    d.step = written(step, exponent);
    d.lo = written(lo, exponent);
    d.hi = written(lo + span, exponent);
  } else {
    d.step = rng.uniform(0.1, 1) * power_of_ten(rng.integer(-20, 20));
    d.lo = rng.uniform(-1, 1) * d.step * power_of_ten(rng.integer(0, 11));
    d.hi = d.lo + d.step * rng.uniform(1, 5) * power_of_ten(rng.integer(0, 11));
  }
  return d;
}

Domain random_continuum(Rng& rng) {
  Domain d{.type = Domain::Type::real, .choices = {}};
  d.log = rng.uniform() < 0.5;
  d.lo = rng.uniform(d.log ? 0.1 : -1, 1) * power_of_ten(rng.integer(-100, 100));
  d.hi = d.lo + rng.uniform(0.1, 1) * power_of_ten(rng.integer(-3, 3)) * std::abs(d.lo);
  return d;
}

Domain random_choice(Rng& rng) {
  Domain d{.type = Domain::Type::choice, .choices = {}};
  const int64_t count = rng.integer(1, 40);
  for (int64_t i = 0; i < count; ++i) {
    d.choices.push_back(rng.uniform() < 0.5   ? Value(i)
                        : rng.uniform() < 0.5 ? Value(static_cast<double>(i) + 0.5)
                                              : Value("w" + std::to_string(i)));
  }
  d.ordered = rng.uniform() < 0.5;
  return d;
}

Domain random_domain(Rng& rng) {
  switch (rng.integer(0, 3)) {
    case 0:
      return random_integers(rng);
    case 1:
      return random_grid(rng);
    case 2:
      return random_continuum(rng);
    default:
      return random_choice(rng);
  }
}

std::string text(const Domain& d) {
  char out[160];
  std::snprintf(out, sizeof out, "type %d [%.17g, %.17g] step %.17g log %d choices %zu", static_cast<int>(d.type), d.lo,
                d.hi, d.step, d.log, d.choices.size());
  return out;
}

SearchSpace space_of(const Domain& d) {
  return SearchSpace(
      {{.id = "x", .domain = d, .default_value = d.count() > 0 ? d.value_of(0) : Value(d.lo), .active_when = {}}});
}

/// Numbers of values to look at: the ends, the middle and some between; all of a small domain.
std::vector<int64_t> some_values(const Domain& d, Rng& rng) {
  const int64_t n = d.count();
  std::vector<int64_t> out;
  for (int64_t i = 0; i < std::min<int64_t>(n, 200); ++i) out.push_back(i);
  for (int64_t i = std::max<int64_t>(0, n - 20); i < n; ++i) out.push_back(i);
  for (int i = 0; i < 20; ++i) out.push_back(rng.integer(0, n - 1));
  return out;
}

TEST(DomainProperty, EveryValueIsAMemberWithItsOwnNumberAndComesBackFromTheUnitInterval) {
  Rng rng(20240501);
  for (int round = 0; round < 3000; ++round) {
    const Domain d = random_domain(rng);
    SCOPED_TRACE(text(d));
    const SearchSpace space = space_of(d);
    if (d.count() == 0) continue;
    ASSERT_GE(d.count(), 1);
    for (int64_t i : some_values(d, rng)) {
      const Value value = d.value_of(i);
      ASSERT_TRUE(d.contains(value)) << i;
      ASSERT_EQ(d.index_of(value), i);
      ASSERT_EQ(space.value_at(0, space.unit_of(0, value)), value) << i;
      ASSERT_EQ(dsnn::parse_json(dsnn::to_json(value)), value) << i;
      const Configuration c{.values = {{"x", value}}};
      ASSERT_EQ(space.repaired(c), c) << i;
      if (d.type == Domain::Type::choice) continue;
      ASSERT_GE(value.number(), d.lo);
      ASSERT_LE(value.number(), d.hi);
      ASSERT_TRUE(i == 0 || d.value_of(i - 1).number() < value.number()) << i;
    }
  }
}

TEST(DomainProperty, EveryPointOfTheUnitIntervalIsAMember) {
  Rng rng(7);
  for (int round = 0; round < 3000; ++round) {
    const Domain d = random_domain(rng);
    SCOPED_TRACE(text(d));
    const SearchSpace space = space_of(d);
    for (double u : {0.0, 1.0, 0.5, rng.uniform(), rng.uniform()}) {
      const Value value = space.value_at(0, u);
      ASSERT_TRUE(d.contains(value)) << u;
      const double encoded = space.encode({.values = {{"x", value}}})[0];
      ASSERT_TRUE(std::isfinite(encoded));
      ASSERT_TRUE(d.count() == 0 || d.value_of(d.index_of(value)) == value);
    }
  }
}

TEST(DomainProperty, ADecimalOnTheGridIsTheGridsOwnValue) {
  Rng rng(99);
  for (int round = 0; round < 3000; ++round) {
    const int64_t exponent = rng.integer(-9, 3), step = rng.integer(1, 999);
    const int64_t lo = rng.integer(-1000, 1000), steps = rng.integer(1, 1000), at = rng.integer(0, steps);
    Domain d{.type = Domain::Type::real, .choices = {}};
    d.lo = written(lo, exponent), d.hi = written(lo + steps * step, exponent), d.step = written(step, exponent);
    SCOPED_TRACE(text(d));
    ASSERT_EQ(d.count(), steps + 1);
    const double value = written(lo + at * step, exponent);
    ASSERT_EQ(d.index_of(Value(value)), at);
    ASSERT_EQ(d.value_of(at).number(), value);  // not 0.30000000000000004
    ASSERT_FALSE(at < steps && d.contains(Value(value + 0.25 * d.step)));
  }
}

TEST(DomainProperty, CountsSaturateWhereNoGridCanBeExact) {
  for (const double step : {0.0, 1.0, 5.0}) {
    const Domain d{.type = Domain::Type::integer, .lo = -0x1p63, .hi = 0x1p63, .step = step, .choices = {}};
    EXPECT_EQ(d.count(), int64_t{1} << 53);
    const SearchSpace space = space_of(d);
    for (double u : {0.0, 0.5, 1.0}) EXPECT_TRUE(space.value_at(0, u).is_int());
    EXPECT_FALSE(space.count() > 0x1p53);
  }
  const Domain tiny{.type = Domain::Type::real, .lo = 0, .hi = 1, .step = 5e-324, .choices = {}};
  EXPECT_EQ(tiny.count(), int64_t{1} << 53);
  EXPECT_LE(space_of(tiny).value_at(0, 1.0).number(), 1.0);
}

/// A space of a few small domains, each after the first possibly under values of one or two earlier ones.
SearchSpace random_space(Rng& rng) {
  std::vector<Parameter> out;
  const int64_t size = rng.integer(1, 6);
  for (int64_t i = 0; i < size; ++i) {
    Parameter p;
    p.id = "p" + std::to_string(i);
    if (rng.uniform() < 0.5) {
      p.domain = {.type = Domain::Type::integer, .lo = -1, .hi = static_cast<double>(rng.integer(0, 3)), .choices = {}};
    } else {
      p.domain = {.type = Domain::Type::choice, .choices = {}};
      for (int64_t c = rng.integer(0, 3); c >= 0; --c) p.domain.choices.emplace_back("c" + std::to_string(c));
    }
    p.default_value = p.domain.value_of(rng.integer(0, p.domain.count() - 1));
    for (int64_t conditions = i == 0 ? 0 : rng.integer(0, 3); conditions > 0; --conditions) {
      const auto parent = static_cast<int>(rng.integer(0, i - 1));
      const int64_t last = out[static_cast<size_t>(parent)].domain.count() - 1, first = rng.integer(0, last);
      p.active_when.push_back({.parent = parent, .first = first, .last = rng.integer(first, last)});
    }
    out.push_back(std::move(p));
  }
  return SearchSpace(std::move(out));
}

TEST(SpaceProperty, TheCountIsWhatEnumerationVisitsEachOnce) {
  Rng rng(4242);
  for (int round = 0; round < 1000; ++round) {
    const SearchSpace space = random_space(rng);
    SCOPED_TRACE(dsnn::to_json(space.to_json()));
    std::set<std::string> seen;
    space.enumerate([&](const Configuration& c) {
      EXPECT_TRUE(seen.insert(c.to_json()).second) << c.to_json();
      EXPECT_EQ(space.repaired(c), c);
      std::vector<double> unit(space.size(), std::nan(""));
      for (size_t p = 0; p < space.size(); ++p) {
        if (const Value* v = c.find(space.parameters()[p].id)) unit[p] = space.unit_of(p, *v);
      }
      EXPECT_EQ(space.decode(unit), c);
      return true;
    });
    ASSERT_EQ(space.count(), static_cast<double>(seen.size()));
    ASSERT_TRUE(seen.contains(space.default_configuration().to_json()));
    ASSERT_EQ(dsnn::to_json(SearchSpace::from_json(space.to_json()).to_json()), dsnn::to_json(space.to_json()));
  }
}

TEST(SpaceProperty, ManyChoicesWithKeysOfTheirOwnAreCountedAtOnce) {
  std::vector<Parameter> parameters(1);
  parameters[0].id = "type";
  parameters[0].domain.type = Domain::Type::choice;
  for (int64_t i = 0; i < 20'000; ++i) {
    parameters[0].domain.choices.emplace_back("c" + std::to_string(i));
    parameters.push_back({.id = "k" + std::to_string(i),
                          .domain = {.type = Domain::Type::integer, .lo = 1, .hi = 3, .choices = {}},
                          .default_value = Value(1),
                          .active_when = {{.parent = 0, .first = i, .last = i}}});
  }
  EXPECT_EQ(SearchSpace(std::move(parameters)).count(), 60'000.0);
}

TEST(SpaceProperty, AParameterUnderManyParentsEndsTheCountEarly) {
  std::vector<Parameter> parameters;
  Parameter shared{.id = "rate",
                   .domain = {.type = Domain::Type::integer, .lo = 1, .hi = 3, .choices = {}},
                   .default_value = Value(1),
                   .active_when = {}};
  for (int i = 0; i < 40; ++i) {
    parameters.push_back({.id = "p" + std::to_string(i),
                          .domain = {.type = Domain::Type::choice, .choices = {"a", "b"}},
                          .default_value = Value("a"),
                          .active_when = {}});
    shared.active_when.push_back({.parent = i, .first = 1, .last = 1});
  }
  parameters.push_back(shared);
  EXPECT_EQ(SearchSpace(std::move(parameters)).count(), std::nullopt);
}

TEST(SpaceProperty, ALongRangeUnderAConditionIsOneRange) {
  Parameter depth{.id = "depth",
                  .domain = {.type = Domain::Type::integer, .lo = 0, .hi = 1e12, .choices = {}},
                  .default_value = Value(0),
                  .active_when = {}};
  Parameter bits{.id = "bits",
                 .domain = {.type = Domain::Type::integer, .lo = 2, .hi = 5, .choices = {}},
                 .default_value = Value(2),
                 .active_when = {{.parent = 0, .first = 1, .last = 1'000'000'000'000}}};
  EXPECT_EQ(SearchSpace({depth, bits}).count(), 1 + 4e12);
}

}  // namespace
