#include "dsnn/types.h"

#include <gtest/gtest.h>

namespace dsnn {
namespace {

TEST(Metrics, AreFoundByNameAndSetInPlace) {
  std::vector<Metric> metrics = {{"a", 1}, {"b", 2}};
  set_metric(metrics, "a", 3);
  set_metric(metrics, "c", 4);
  ASSERT_EQ(metrics.size(), 3u);
  EXPECT_EQ(find_metric(metrics, "a")->value, 3);
  EXPECT_EQ(metrics.back().name, "c");
  EXPECT_EQ(find_metric(metrics, "d"), nullptr);
}

Configuration of_x(double x) {
  Configuration out;
  out.values["x"] = x;
  return out;
}

TEST(History, KnowsFinishedAndRunningConfigurationsWithAndWithoutTheStudysSet) {
  const SearchSpace space;
  std::vector<Evaluation> finished(2);
  finished[0].request.configuration = finished[1].request.configuration = of_x(1);  // two rungs of a lineage
  std::vector<TrialRequest> running(1);
  running[0].configuration = of_x(2);
  History history{.space = space, .finished = finished, .running = running, .targets = {}};
  ConfigurationSet known;
  for (const double x : {1, 2}) known.insert(of_x(x));
  for (const ConfigurationSet* set : {static_cast<const ConfigurationSet*>(nullptr), &std::as_const(known)}) {
    history.known = set;
    EXPECT_TRUE(history.contains(of_x(1)));
    EXPECT_TRUE(history.contains(of_x(2)));
    EXPECT_FALSE(history.contains(of_x(3)));
    EXPECT_EQ(history.distinct(), 2u);
  }
}

}  // namespace
}  // namespace dsnn
