#include "energy/carbon_table.h"

#include <gtest/gtest.h>

#include "dsnn/error.h"

namespace dsnn::energy {
namespace {

TEST(CarbonTable, HoldsThePublishedFigures) {
  EXPECT_NEAR(lookup("DEU", 2025)->g_per_kwh, 331.6, 0.05);
  EXPECT_NEAR(lookup("WLD", 2024)->g_per_kwh, 471.8, 0.05);
  EXPECT_NEAR(lookup("FRA", 2025)->g_per_kwh, 41.8, 0.05);
  EXPECT_NEAR(lookup("CHN", 2024)->g_per_kwh, 555.4, 0.05);
  EXPECT_NEAR(lookup("POL", 2025)->g_per_kwh, 592.2, 0.05);
}

TEST(CarbonTable, TakesTheLatestEarlierYearAndSaysWhich) {
  const auto later = lookup("DEU", 2099);
  EXPECT_EQ(later->year_used, 2025);
  EXPECT_EQ(lookup("DEU", std::nullopt)->year_used, 2025);
  EXPECT_EQ(lookup("DEU", 2016)->year_used, 2016);
  EXPECT_EQ(lookup("DEU", 1900)->year_used, 2015);
  EXPECT_FALSE(lookup("XYZ", 2020).has_value());
  EXPECT_FALSE(lookup("", 2020).has_value());
}

TEST(CarbonTable, NothingGivenIsTheWorldAverageWithANote) {
  const CarbonIntensity intensity = intensity_of({});
  EXPECT_EQ(intensity.country, "WLD");
  EXPECT_TRUE(intensity.defaulted);
  EXPECT_NE(to_string(intensity).find("no country given"), std::string::npos);
}

TEST(CarbonTable, ANumberInTheFileWins) {
  config::Grid grid;
  grid.country = "DEU";
  grid.country_given = true;
  grid.intensity_g_per_kwh = 50;
  const CarbonIntensity intensity = intensity_of(grid);
  EXPECT_EQ(intensity.g_per_kwh, 50);
  EXPECT_EQ(intensity.year_used, 0);
}

TEST(CarbonTable, UnknownCountryIsTheUsersError) {
  config::Grid grid;
  grid.country = "GER";
  grid.country_given = true;
  EXPECT_THROW(intensity_of(grid), ConfigError);
}

}  // namespace
}  // namespace dsnn::energy
