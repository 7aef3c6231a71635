#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "golden_file.h"
#include "plugins/acquisitions/parego/scalarisation.h"

namespace dsnn::golden {
namespace {

std::vector<double> numbers(const Value& list) {
  std::vector<double> out;
  for (const Value& v : list.items()) out.push_back(v.number());
  return out;
}

bool absent() { return !std::filesystem::exists(folder() / "moo.json"); }

TEST(ParegoGolden, ScalarisationAgrees) {
  if (absent()) GTEST_SKIP() << "no reference vectors 'moo' in " << folder() << "; set DSNN_GOLDEN";
  const Value index = read_index("moo");
  for (const Value& item : index.at("parego").items()) {
    const std::vector<double> ideal = numbers(item.at("ideal")), nadir = numbers(item.at("nadir"));
    const std::vector<double> weights = numbers(item.at("weights")), expected = numbers(item.at("values"));
    const Value::List& points = item.at("points").items();
    ASSERT_EQ(points.size(), expected.size());
    for (size_t i = 0; i < points.size(); ++i) {
      std::vector<double> f = numbers(points[i]);
      for (size_t j = 0; j < f.size(); ++j) f[j] = (f[j] - ideal[j]) / (nadir[j] - ideal[j]);
      const double made = parego::scalarise(f, weights, item.at("rho").number());
      EXPECT_NEAR(made, expected[i], 1e-12 * std::max(1.0, std::abs(expected[i]))) << "point " << i;
    }
  }
}

TEST(ParegoGolden, SimplexLatticeAgrees) {
  if (absent()) GTEST_SKIP() << "no reference vectors 'moo' in " << folder() << "; set DSNN_GOLDEN";
  const Value index = read_index("moo");
  for (const Value& item : index.at("das_dennis").items()) {
    auto made = parego::simplex_lattice(static_cast<int>(item.at("objectives").integer()),
                                        static_cast<int>(item.at("partitions").integer()));
    std::vector<std::vector<double>> expected;
    for (const Value& row : item.at("weights").items()) expected.push_back(numbers(row));
    ASSERT_EQ(static_cast<int64_t>(made.size()), item.at("count").integer());
    ASSERT_EQ(made.size(), expected.size());
    const auto rounded_less = [](const std::vector<double>& a, const std::vector<double>& b) {
      for (size_t j = 0; j < a.size(); ++j) {
        if (std::abs(a[j] - b[j]) > 1e-9) return a[j] < b[j];
      }
      return false;
    };
    std::sort(made.begin(), made.end(), rounded_less);
    std::sort(expected.begin(), expected.end(), rounded_less);
    for (size_t i = 0; i < made.size(); ++i) {
      for (size_t j = 0; j < made[i].size(); ++j) EXPECT_NEAR(made[i][j], expected[i][j], 1e-12);
    }
  }
}

}  // namespace
}  // namespace dsnn::golden
