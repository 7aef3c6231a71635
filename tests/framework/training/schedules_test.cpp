#include "training/schedules.h"

#include <gtest/gtest.h>

#include "support/components.h"

namespace dsnn::training {
namespace {

std::unique_ptr<Schedule> make(const std::string& json) {
  return test::components().factory().make<Schedule>(test::view_of(test::section_of(Kind::schedule, json)));
}

TEST(ConstantSchedule, IsOneAtAllTimes) {
  const auto schedule = make(R"({"type":"constant"})");
  EXPECT_EQ(schedule->factor(0, 10), 1);
  EXPECT_EQ(schedule->factor(9.99, 10), 1);
}

TEST(WarmUp, RampsLinearlyFromZero) {
  const auto schedule = make(R"({"type":"constant","warmup":4.0})");
  EXPECT_EQ(schedule->factor(0, 10), 0);
  EXPECT_DOUBLE_EQ(schedule->factor(1, 10), 0.25);
  EXPECT_EQ(schedule->factor(4, 10), 1);
}

TEST(StepSchedule, DropsAtTheBoundaryOfAStep) {
  const auto schedule = make(R"({"type":"step","every":5.0,"gamma":0.1})");
  EXPECT_EQ(schedule->factor(4.99, 15), 1);
  EXPECT_DOUBLE_EQ(schedule->factor(5, 15), 0.1);
  EXPECT_DOUBLE_EQ(schedule->factor(14.5, 15), 0.1 * 0.1);
}

TEST(MultistepSchedule, DropsAtEachMilestone) {
  const auto schedule = make(R"({"type":"multistep","milestones":[80,120],"gamma":0.5})");
  EXPECT_EQ(schedule->factor(79.9, 200), 1);
  EXPECT_EQ(schedule->factor(80, 200), 0.5);
  EXPECT_EQ(schedule->factor(120, 200), 0.25);
}

TEST(CosineSchedule, FallsFromOneToItsFloorOverTheHorizon) {
  const auto schedule = make(R"({"type":"cosine","floor":0.1})");
  EXPECT_EQ(schedule->factor(0, 10), 1);
  EXPECT_DOUBLE_EQ(schedule->factor(5, 10), 0.55);
  EXPECT_DOUBLE_EQ(schedule->factor(10, 10), 0.1);
}

TEST(CosineSchedule, StartsItsFallAfterTheWarmUp) {
  const auto schedule = make(R"({"type":"cosine","warmup":2.0})");
  EXPECT_EQ(schedule->factor(2, 10), 1);
  EXPECT_DOUBLE_EQ(schedule->factor(6, 10), 0.5);
}

}  // namespace
}  // namespace dsnn::training
