#include "store/readings.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/energy_reading.h"

namespace dsnn::store {
namespace {

using test::reading;

TEST(Readings, BestRankedReadingPerScopeCountsOnce) {
  const std::vector<EnergyReading> readings = {
      reading("training", "cpu_pkg", "tdp_model", 50), reading("training", "cpu_pkg", "rapl_powercap", 30),
      reading("training", "dram", "rapl_powercap", 5), reading("training", "gpu", "nvml_counter", std::nullopt),
      reading("training", "ops", "analytic", 1000)};
  EXPECT_EQ(measured_joules(readings), 35);
  EXPECT_EQ(measured_joules(readings, "dram"), 5);
  EXPECT_EQ(worst_rank(readings), 1);
}

TEST(Readings, WindowsAddUpUnlessOneCoversTheStep) {
  std::vector<EnergyReading> readings = {reading("training", "cpu_pkg", "tdp_model", 50),
                                         reading("validation", "cpu_pkg", "tdp_model", 10)};
  EXPECT_EQ(measured_joules(readings), 60);
  readings.push_back(reading("step", "cpu_pkg", "tdp_model", 70));
  EXPECT_EQ(measured_joules(readings), 70);
}

TEST(Readings, RanksFollowTheTrustOrder) {
  EXPECT_LT(rank_of_source("nvml_counter"), rank_of_source("nvml_power_integral"));
  EXPECT_LT(rank_of_source("rapl_perf"), rank_of_source("tdp_model"));
  EXPECT_LT(rank_of_source("tdp_model"), rank_of_source("constant"));
  EXPECT_EQ(rank_of_source("analytic"), 0);
}

TEST(Readings, NothingMeasuredIsUnknownNotZero) {
  EXPECT_FALSE(measured_joules(std::vector<EnergyReading>{}).has_value());
  EXPECT_FALSE(measured_joules(std::vector<EnergyReading>{reading("training", "gpu", "nvml_counter", std::nullopt)})
                   .has_value());
}

TEST(Readings, SurviveJsonAndMissingMembersAreNamed) {
  for (const EnergyReading& r : {reading("training", "gpu", "nvml_counter", 3.5), reading("", "", "", std::nullopt)}) {
    const EnergyReading back = reading_from(parse_json(to_json(to_value(r))));
    EXPECT_EQ(back.scope, r.scope);
    EXPECT_EQ(back.joules, r.joules);
  }
  try {
    reading_from(parse_json(R"({"meter": "tdp"})"));
    ADD_FAILURE();
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("'source'"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace dsnn::store
