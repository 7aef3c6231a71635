#include "energy/accounting.h"

#include <gtest/gtest.h>

#include "support/energy_reading.h"

namespace dsnn::energy {
namespace {

using test::reading;

const CarbonIntensity kHundred{.g_per_kwh = 100, .country = "", .source = "test"};

double metric(const Evaluation& e, const std::string& name) {
  for (const Metric& m : e.metrics) {
    if (m.name == name) return m.value;
  }
  return -1;
}

TEST(Accounting, NothingMeasuredIsUnknownNotZero) {
  Evaluation e;
  add_metrics(e, std::nullopt, 1, kHundred);
  EXPECT_TRUE(e.metrics.empty());
}

TEST(Accounting, EmissionsAreEnergyTimesPueTimesIntensity) {
  EXPECT_DOUBLE_EQ(emissions_kg(2, 1.5, kHundred), 0.3);
  Evaluation e;
  e.readings = {reading("training", "cpu_pkg", "tdp_model", 3.6e6)};
  e.metrics = {{"inference.energy_mj", 3.6e9}};
  add_metrics(e, std::nullopt, 1.5, kHundred);
  EXPECT_DOUBLE_EQ(metric(e, "step.energy_kwh"), 1);
  EXPECT_DOUBLE_EQ(metric(e, "training.energy_kwh"), 1);
  EXPECT_DOUBLE_EQ(metric(e, "training.emissions_kg"), 0.15);
  EXPECT_DOUBLE_EQ(metric(e, "inference.emissions_kg"), 0.15);
}

TEST(Accounting, LineageAddsItsParentsSteps) {
  Evaluation e;
  e.request.parent = 3;
  e.request.start_from = "trials/3";
  e.readings = {reading("training", "cpu_pkg", "tdp_model", 3.6e6)};
  add_metrics(e, 2.0, 1, kHundred);
  EXPECT_DOUBLE_EQ(metric(e, "training.energy_kwh"), 3);
  Evaluation unknown = e;
  unknown.metrics.clear();
  add_metrics(unknown, std::nullopt, 1, kHundred);
  EXPECT_EQ(metric(unknown, "training.energy_kwh"), -1) << "a parent that measured nothing makes the sum unknown";
  EXPECT_DOUBLE_EQ(metric(unknown, "step.energy_kwh"), 1);
}

}  // namespace
}  // namespace dsnn::energy
