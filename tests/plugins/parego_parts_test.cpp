#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "plugins/acquisitions/parego/initial_design.h"
#include "plugins/acquisitions/parego/random_forest.h"
#include "plugins/acquisitions/parego/scalarisation.h"
#include "plugins/acquisitions/parego/trend.h"

namespace {

constexpr float kInactive = std::numeric_limits<float>::quiet_NaN();

struct Data {
  std::vector<int> categories;
  std::vector<float> rows;
  std::vector<double> targets;
};

/// y = x, plus 2 for category 1, plus 5 where the third column is inactive.
Data mixed_data(size_t count) {
  Data data{.categories = {0, 3, 0}, .rows = {}, .targets = {}};
  dsnn::Rng rng(4);
  for (size_t i = 0; i < count; ++i) {
    const double x = rng.uniform();
    const int64_t category = rng.integer(0, 2);
    const bool inactive = rng.uniform() < 0.3;
    data.rows.insert(data.rows.end(),
                     {static_cast<float>(x), static_cast<float>(category), inactive ? kInactive : 0.5f});
    data.targets.push_back(x + (category == 1 ? 2 : 0) + (inactive ? 5 : 0));
  }
  return data;
}

double predicted(const parego::RandomForest& forest, std::vector<float> row) {
  double mean = 0, variance = 0;
  forest.predict(row, {&mean, 1}, {&variance, 1});
  EXPECT_GT(variance, 0);
  return mean;
}

TEST(RandomForest, LearnsNumbersCategoriesAndInactivity) {
  const Data data = mixed_data(300);
  parego::RandomForest forest({});
  forest.fit(data.categories, data.rows, data.targets, dsnn::Rng(1));
  EXPECT_NEAR(predicted(forest, {0.5f, 0, 0.5f}), 0.5, 0.2);
  EXPECT_NEAR(predicted(forest, {0.5f, 1, 0.5f}), 2.5, 0.2);
  EXPECT_NEAR(predicted(forest, {0.2f, 2, kInactive}), 5.2, 0.2);
}

TEST(RandomForest, IsAFunctionOfDataAndStream) {
  const Data data = mixed_data(80);
  parego::RandomForest a({}), b({}), c({});
  a.fit(data.categories, data.rows, data.targets, dsnn::Rng(1));
  b.fit(data.categories, data.rows, data.targets, dsnn::Rng(2));
  b.fit(data.categories, data.rows, data.targets, dsnn::Rng(1));
  c.fit(data.categories, data.rows, data.targets, dsnn::Rng(2));
  EXPECT_EQ(predicted(a, {0.3f, 1, 0.5f}), predicted(b, {0.3f, 1, 0.5f}));
  EXPECT_NE(predicted(a, {0.3f, 1, 0.5f}), predicted(c, {0.3f, 1, 0.5f}));
}

TEST(RandomForest, PredictsBlocksLikeSingleRows) {
  const Data data = mixed_data(2100);  // more than one block
  parego::RandomForest forest({});
  forest.fit(data.categories, data.rows, data.targets, dsnn::Rng(1));
  std::vector<double> mean(2100), variance(2100);
  forest.predict(data.rows, mean, variance);
  for (size_t i : {size_t{0}, size_t{2047}, size_t{2048}, size_t{2099}}) {
    EXPECT_EQ(mean[i], predicted(forest, {data.rows[3 * i], data.rows[3 * i + 1], data.rows[3 * i + 2]}));
  }
}

/// The sum of the leaves of one row by following every node, tree by tree.
parego::Leaf followed(const parego::Trees& trees, const std::vector<int>& categories, std::span<const float> row) {
  parego::Leaf sum;
  for (size_t at : trees.roots) {
    while (!trees.is_leaf(at)) {
      const parego::Node& node = trees.nodes[at];
      const size_t column = static_cast<size_t>(node.column);
      float x = row[column];
      if (std::isnan(x)) x = categories[column] > 0 ? 31.0f : -1.0f;
      const bool left = node.left_categories != 0 ? node.has_category(x) : x <= node.threshold;
      at = static_cast<size_t>(node.left) + (left ? 0 : 1);
    }
    sum.mean += trees.leaves[at].mean;
    sum.second_moment += trees.leaves[at].second_moment;
  }
  return sum;
}

/// Small trees are bit masks, large ones are walked by many rows at once: both must not change a bit.
TEST(RandomForest, PredictsTheBitsOfAWalkNodeByNode) {
  for (const size_t count : {2, 40, 70, 700}) {
    for (const int trees : {1, 32, 45, 200}) {
      Data data = mixed_data(count);
      const auto [low, high] = std::minmax_element(data.targets.begin(), data.targets.end());
      const double least = *low, range = *high - *low;
      for (double& y : data.targets) y = (y - least) / range;  // 0 to 1, so the forest does not scale them
      parego::RandomForest forest({.trees = trees});
      forest.fit(data.categories, data.rows, data.targets, dsnn::Rng(7));
      const Data asked = mixed_data(2100);  // more than one block
      std::vector<double> mean(2100), variance(2100);
      forest.predict(asked.rows, mean, variance);
      for (size_t i = 0; i < mean.size(); ++i) {
        const parego::Leaf sum = followed(forest.trees(), data.categories, std::span(asked.rows).subspan(3 * i, 3));
        const double mu = sum.mean / static_cast<double>(trees);
        ASSERT_EQ(mean[i], mu) << count << " rows, " << trees << " trees, row " << i;
        ASSERT_EQ(variance[i], std::max(sum.second_moment / static_cast<double>(trees) - mu * mu, 1e-5));
      }
    }
  }
}

TEST(RandomForest, IsMoreCertainWhereItHasData) {
  Data data{.categories = {0}, .rows = {}, .targets = {}};
  for (int i = 0; i < 40; ++i)
    data.rows.push_back(static_cast<float>(i) * 0.0125f), data.targets.push_back(i < 20 ? 0 : i);
  parego::RandomForest forest({});
  forest.fit(data.categories, data.rows, data.targets, dsnn::Rng(1));
  double mean[2], variance[2];
  const float rows[2] = {0.1f, 0.25f};  // amid equal values, and at the jump
  forest.predict(rows, mean, variance);
  EXPECT_LT(variance[0], variance[1]);
}

TEST(RandomForest, TellsCategoriesBeyondTheBitsOfANodeApart) {
  Data data{.categories = {64}, .rows = {}, .targets = {}};
  for (int i = 0; i < 256; ++i) {
    data.rows.push_back(static_cast<float>(i % 64));
    data.targets.push_back(i % 64 >= 45 && i % 64 < 55 ? 1 : 0);
  }
  parego::RandomForest forest({.trees = 64});
  forest.fit(data.categories, data.rows, data.targets, dsnn::Rng(1));
  const std::vector<float> asked = {50, 60};
  std::vector<double> mean(2), variance(2);
  forest.predict(asked, mean, variance);
  EXPECT_GT(mean[0], mean[1] + 0.2);
}

TEST(RandomForest, TreesSeeSomeColumnsOnlyWhereTheyAreVeryMany) {
  constexpr size_t kColumns = 300, kRows = 1000;
  Data data{.categories = std::vector<int>(kColumns, 0), .rows = {}, .targets = {}};
  dsnn::Rng rng(4);
  for (size_t i = 0; i < kRows; ++i) {
    for (size_t c = 0; c < kColumns; ++c) data.rows.push_back(static_cast<float>(rng.uniform()));
    data.targets.push_back(data.rows[i * kColumns + 7]);
  }
  parego::RandomForest forest({.trees = 64});
  forest.fit(data.categories, data.rows, data.targets, dsnn::Rng(1));
  std::vector<float> asked(2 * kColumns, 0.5f);
  asked[7] = 0.1f;
  asked[kColumns + 7] = 0.9f;
  std::vector<double> mean(2), variance(2);
  forest.predict(asked, mean, variance);
  EXPECT_LT(mean[0], mean[1]);
}

TEST(RandomForest, OneSampleIsEnough) {
  parego::RandomForest forest({});
  const std::vector<int> categories = {0};
  const std::vector<float> rows = {0.5f};
  const std::vector<double> targets = {3.0};
  forest.fit(categories, rows, targets, dsnn::Rng(1));
  EXPECT_EQ(predicted(forest, {0.9f}), 3.0);
}

/// What is left of `targets` after a trend, relative to their spread.
double unexplained(const Data& data, const std::vector<double>& targets) {
  std::vector<double> left = targets;
  parego::Trend trend;
  trend.fit(data.categories, data.rows, left);
  const auto spread = [](const std::vector<double>& values) {
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    return std::accumulate(values.begin(), values.end(), 0.0,
                           [mean](double sum, double v) { return sum + (v - mean) * (v - mean); });
  };
  for (size_t i = 0; i < left.size(); ++i) {
    EXPECT_NEAR(left[i] + trend(std::span(data.rows).subspan(3 * i, 3)), targets[i], 1e-9);
  }
  return spread(left) / spread(targets);
}

TEST(Trend, TakesAwayWhatIsAdditive) {
  const Data data = mixed_data(60);
  std::vector<double> targets = data.targets;
  for (size_t i = 0; i < targets.size(); ++i) targets[i] += 4.0 * data.rows[3 * i] * data.rows[3 * i];
  EXPECT_LT(unexplained(data, targets), 1e-3);
}

TEST(Trend, LeavesNoiseAlone) {
  const Data data = mixed_data(60);
  std::vector<double> targets(60);
  dsnn::Rng rng(8);
  for (double& y : targets) y = rng.normal();
  EXPECT_GT(unexplained(data, targets), 0.8);
}

TEST(Trend, SurvivesNumbersWhoseSquaresOverflow) {
  const Data data = mixed_data(20);
  std::vector<double> targets(20, 1e200);
  targets[3] = -1e200;
  parego::Trend().fit(data.categories, data.rows, targets);
  EXPECT_TRUE(std::all_of(targets.begin(), targets.end(), [](double y) { return std::isfinite(y); }));
}

TEST(Trend, LeavesColumnsOfVeryManyCategoriesToTheForest) {
  Data data{.categories = {20000, 0}, .rows = {}, .targets = {}};
  dsnn::Rng rng(3);
  for (int i = 0; i < 100; ++i) {
    const double x = rng.uniform();
    data.rows.insert(data.rows.end(), {static_cast<float>(rng.integer(0, 19999)), static_cast<float>(x)});
    data.targets.push_back(3 * x);
  }
  std::vector<double> left = data.targets;
  parego::Trend trend;
  trend.fit(data.categories, data.rows, left);
  for (const double rest : left) EXPECT_NEAR(rest, 0, 0.1);
  const std::vector<float> one = {0, 0.5f}, other = {19999, 0.5f};
  EXPECT_EQ(trend(one), trend(other));
}

TEST(RandomForest, WithATrendGoesBeyondTheRows) {
  Data data{.categories = {0}, .rows = {}, .targets = {}};
  for (int i = 0; i < 30; ++i) {
    data.rows.push_back(static_cast<float>(i) * 0.02f);
    data.targets.push_back(3.0 * static_cast<double>(data.rows.back()));
  }
  parego::RandomForest plain({}), trending({.trend = true});
  plain.fit(data.categories, data.rows, data.targets, dsnn::Rng(1));
  trending.fit(data.categories, data.rows, data.targets, dsnn::Rng(1));
  EXPECT_LT(predicted(plain, {1.0f}), 1.8);
  EXPECT_NEAR(predicted(trending, {1.0f}), 3.0, 0.1);
}

TEST(Sobol, FirstPointsFillEveryEighthOfEveryAxis) {
  for (size_t d = 0; d < 21; ++d) {
    std::vector<int> hits(8);
    const double offset = parego::sobol_point(0, 21, 9)[d];
    for (uint64_t i = 0; i < 8; ++i) {
      const double x = std::fmod(parego::sobol_point(i, 21, 9)[d] - offset + 1 + 1e-9, 1.0);
      ++hits[static_cast<size_t>(x * 8)];
    }
    EXPECT_EQ(hits, std::vector<int>(8, 1)) << "dimension " << d;
  }
}

TEST(Sobol, ManyDimensionsStayInTheUnitCube) {
  for (double x : parego::sobol_point(5, 64, 1)) {
    EXPECT_GE(x, 0);
    EXPECT_LT(x, 1);
  }
}

TEST(Scalarisation, MomentsAgreeWithSampling) {
  const std::vector<parego::Normal> f = {{.mean = 0.4, .variance = 0.04}, {.mean = 0.7, .variance = 0.01}};
  const std::vector<double> w = {0.6, 0.4};
  dsnn::Rng rng(3);
  double sum = 0, squares = 0;
  constexpr int kSamples = 200000;
  for (int i = 0; i < kSamples; ++i) {
    const double a = 0.4 + 0.2 * rng.normal(), b = 0.7 + 0.1 * rng.normal();
    const double y = std::max(w[0] * a, w[1] * b);
    sum += y;
    squares += y * y;
  }
  const double mean = sum / kSamples;
  const parego::Normal made = parego::scalarise(f, w, 0.0);
  EXPECT_NEAR(made.mean, mean, 1e-3);
  EXPECT_NEAR(made.variance, squares / kSamples - mean * mean, 1e-4);
}

TEST(Scalarisation, WeightsAddUpToOne) {
  dsnn::Rng rng(1);
  for (size_t m = 1; m <= 5; ++m) {
    const std::vector<double> w = parego::draw_weights(m, rng);
    EXPECT_NEAR(std::accumulate(w.begin(), w.end(), 0.0), 1.0, 1e-12);
  }
}

TEST(LogExpectedImprovement, AgreesWithThePlainFormulaAndKeepsAnOrderFarAway) {
  EXPECT_NEAR(parego::log_expected_improvement(1.0, 1.0, 1.0), std::log(0.3989422804014327), 1e-12);
  EXPECT_NEAR(parego::log_expected_improvement(6.0001, 1.0, 0.0), parego::log_expected_improvement(5.9999, 1.0, 0.0),
              2e-3);
  double last = 0;
  for (double mean = 5; mean < 200; mean += 5) {
    const double now = parego::log_expected_improvement(mean, 1.0, 0.0);
    EXPECT_TRUE(std::isfinite(now));
    EXPECT_LT(now, last);
    last = now;
  }
}

}  // namespace
