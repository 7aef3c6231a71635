#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/spec.h"

namespace dsnn::energy {

/// Grams of CO2-equivalent per kWh, and where the number comes from.
struct CarbonIntensity {
  double g_per_kwh = 0;
  std::string country;  ///< ISO 3166 alpha-3; WLD = world; "" = a number given in the experiment
  int year_used = 0;    ///< 0 = a number given in the experiment
  std::string source;
  bool defaulted = false;  ///< no country was given: the world average stands in
};
/// "331.6 g/kWh (DEU 2025, owid-ember-2026)", with ", no country given" when defaulted.
std::string to_string(const CarbonIntensity& intensity);

/// The attribution line that goes wherever figures of the table are shown.
inline constexpr std::string_view kCarbonAttribution =
    "Carbon intensity: Ember, processed by Our World in Data (CC BY 4.0), "
    "ourworldindata.org/grapher/carbon-intensity-electricity; rounded, 2015 onward.";

/// The figure of a year, else of the latest earlier year (before the table begins: its first year); without a year the
/// newest. nullopt for a country the table does not have. Never asks a network.
std::optional<CarbonIntensity> lookup(std::string_view country, std::optional<int> year);

/// What `meters: {country, year, intensity_g_per_kwh}` says. Throws ConfigError for an unknown country.
CarbonIntensity intensity_of(const config::Grid& grid);

}  // namespace dsnn::energy
