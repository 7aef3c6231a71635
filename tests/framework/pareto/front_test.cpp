#include "pareto/front.h"

#include <cmath>

#include <gtest/gtest.h>

#include "dsnn/rng.h"

namespace dsnn::pareto {
namespace {

TEST(Front, DominationNeedsOneStrictlyBetterObjective) {
  EXPECT_TRUE(dominates(Point{1, 2}, Point{1, 3}));
  EXPECT_FALSE(dominates(Point{1, 2}, Point{1, 2}));
  EXPECT_FALSE(dominates(Point{1, 3}, Point{2, 2}));
}

TEST(Front, DuplicatesShareARankAndAllStay) {
  const std::vector<Point> points = {{1, 1}, {2, 2}, {1, 1}, {3, 3}, {0, 5}};
  EXPECT_EQ(ranks(points), (std::vector<int>{0, 1, 0, 2, 0}));
  EXPECT_EQ(front(points), (std::vector<size_t>{0, 2, 4}));
}

TEST(Front, EmptyInputGivesEmptyOutput) {
  const std::vector<Point> none;
  EXPECT_TRUE(ranks(none).empty());
  EXPECT_TRUE(front(none).empty());
  EXPECT_TRUE(crowding_distance(none, {}).empty());
  EXPECT_EQ(hypervolume(none, {1, 1}), 0);
  EXPECT_FALSE(knee(none, {}).has_value());
}

TEST(Hypervolume, OneTwoAndThreeObjectivesByHand) {
  EXPECT_DOUBLE_EQ(hypervolume(std::vector<Point>{{0.25}, {0.5}}, {1}), 0.75);
  EXPECT_DOUBLE_EQ(hypervolume(std::vector<Point>{{0, 0.5}, {0.5, 0}}, {1, 1}), 0.75);
  EXPECT_DOUBLE_EQ(hypervolume(std::vector<Point>{{0, 0, 0.5}, {0.5, 0.5, 0}}, {1, 1, 1}), 0.625);
  EXPECT_DOUBLE_EQ(hypervolume(std::vector<Point>{{0, 0}, {2, -1}}, {1, 1}), 1) << "outside the reference box";
}

TEST(Hypervolume, AgreesWithInclusionExclusion) {
  Rng rng(17);
  for (size_t m = 2; m <= 5; ++m) {
    std::vector<Point> points;
    for (int i = 0; i < 9; ++i) {
      Point p(m);
      for (double& v : p) v = rng.uniform();
      points.push_back(p);
    }
    const Point reference(m, 1.0);
    double expected = 0;
    for (unsigned set = 1; set < (1u << points.size()); ++set) {
      double box = 1;
      int members = 0;
      Point corner(m, 0);
      for (size_t i = 0; i < points.size(); ++i) {
        if ((set >> i & 1u) == 0) continue;
        ++members;
        for (size_t k = 0; k < m; ++k) corner[k] = std::max(corner[k], points[i][k]);
      }
      for (size_t k = 0; k < m; ++k) box *= 1 - corner[k];
      expected += members % 2 == 1 ? box : -box;
    }
    EXPECT_NEAR(hypervolume(points, reference), expected, 1e-12) << m << " objectives";
  }
}

TEST(Knee, IsTheBulgeOfTheFront) {
  const std::vector<Point> points = {{0, 10}, {1, 2}, {5, 1}, {10, 0}, {20, 20}};
  EXPECT_EQ(knee(points, front(points)), 1u);
  EXPECT_FALSE(knee(points, std::vector<size_t>{0, 1}).has_value());
}

TEST(Knee, DoesNotDependOnTheScaleOfAnObjective) {
  std::vector<Point> points = {{0, 10}, {1, 2}, {5, 1}, {10, 0}};
  for (Point& p : points) p[1] *= 1e6;
  EXPECT_EQ(knee(points, front(points)), 1u);
}

}  // namespace
}  // namespace dsnn::pareto
