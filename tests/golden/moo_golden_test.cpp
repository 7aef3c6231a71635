#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "golden_file.h"
#include "pareto/front.h"

namespace dsnn::golden {
namespace {

std::vector<pareto::Point> points_of(const Value& list) {
  std::vector<pareto::Point> out;
  for (const Value& row : list.items()) {
    pareto::Point p;
    for (const Value& v : row.items()) p.push_back(v.number());
    out.push_back(std::move(p));
  }
  return out;
}

/// With equal coordinates the distance depends on the order a stable sort meets them in.
bool has_ties(const std::vector<pareto::Point>& points, const std::vector<int>& ranks, int level) {
  for (size_t k = 0; k < points.front().size(); ++k) {
    std::set<double> seen;
    for (size_t i = 0; i < points.size(); ++i) {
      if (ranks[i] == level && !seen.insert(points[i][k]).second) return true;
    }
  }
  return false;
}

void expect_crowding(const Value& expected, const std::vector<pareto::Point>& points, const std::vector<int>& ranks,
                     const std::string& name) {
  const auto distance = pareto::crowding_distance(points, ranks);
  for (size_t i = 0; i < points.size(); ++i) {
    if (has_ties(points, ranks, ranks[i])) continue;
    const Value& v = expected.items()[i];
    if (v.is_string()) {
      EXPECT_TRUE(std::isinf(distance[i])) << name << " point " << i;
    } else {
      EXPECT_NEAR(distance[i], v.number(), 1e-12 * std::max(1.0, std::abs(v.number()))) << name << " point " << i;
    }
  }
}

TEST(MooGolden, RanksCrowdingAndHypervolume) {
  if (!std::filesystem::exists(folder() / "moo.json")) {
    GTEST_SKIP() << "no reference vectors 'moo' in " << folder() << "; set DSNN_GOLDEN";
  }
  const Value index = read_index("moo");
  for (const Value& set : index.at("point_sets").items()) {
    const std::string& name = set.at("name").string();
    const auto points = points_of(set.at("points"));
    const auto reference = points_of(Value(Value::List{set.at("reference")})).front();
    const double expected = set.at("hypervolume").number();
    EXPECT_NEAR(pareto::hypervolume(points, reference), expected, 1e-12 * std::abs(expected)) << name;
    std::vector<int> ranks;
    for (const Value& r : set.at("rank").items()) ranks.push_back(static_cast<int>(r.integer()));
    EXPECT_EQ(pareto::ranks(points), ranks) << name;
    expect_crowding(set.at("crowding_distance_per_front"), points, ranks, name);
  }
  size_t without_component = 0;
  for (const char* family : {"ehvi"}) {
    if (const Value* cases = index.find(family)) without_component += cases->size();
  }
  std::printf("moo: %zu cases (ehvi) without a component in this build\n", without_component);
}

}  // namespace
}  // namespace dsnn::golden
