#include "energy/carbon_table.h"

#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <vector>

#include "dsnn/error.h"
#include "energy/carbon_data.h"

namespace dsnn::energy {
namespace {

struct Row {
  int year = 0;
  double g_per_kwh = 0;
  std::string_view source;
};
using Table = std::map<std::string_view, std::vector<Row>>;  // years ascending, as in the file

std::string_view take_until(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return out;
}

template <class Number>
Number parse_number(std::string_view text) {
  Number out{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), out);
  DSNN_ASSERT(result.ec == std::errc() && result.ptr == text.data() + text.size());
  return out;
}

const Table& table() {
  static const Table rows = [] {
    Table out;
    std::string_view text = kCarbonCsv;
    take_until(text, '\n');
    while (!text.empty()) {
      std::string_view line = take_until(text, '\n');
      if (line.empty()) continue;
      const std::string_view country = take_until(line, ',');
      const int year = parse_number<int>(take_until(line, ','));
      const double grams = parse_number<double>(take_until(line, ','));
      out[country].push_back({year, grams, line});
    }
    return out;
  }();
  return rows;
}

}  // namespace

std::optional<CarbonIntensity> lookup(std::string_view country, std::optional<int> year) {
  const auto found = table().find(country);
  if (found == table().end()) return std::nullopt;
  const Row* best = &found->second.front();
  for (const Row& row : found->second) {
    if (!year || row.year <= *year) best = &row;
  }
  return CarbonIntensity{.g_per_kwh = best->g_per_kwh,
                         .country = std::string(country),
                         .year_used = best->year,
                         .source = std::string(best->source)};
}

CarbonIntensity intensity_of(const config::Grid& grid) {
  if (grid.intensity_g_per_kwh)
    return {.g_per_kwh = *grid.intensity_g_per_kwh, .country = "", .source = "experiment file"};
  auto found = lookup(grid.country, grid.year);
  if (!found) {
    throw ConfigError(
        {.file = "meters.country"},
        "unknown country '" + grid.country + "'; expected an ISO 3166 code of three letters such as DEU, or WLD");
  }
  found->defaulted = !grid.country_given;
  return *found;
}

std::string to_string(const CarbonIntensity& i) {
  char number[32];
  std::snprintf(number, sizeof number, "%.4g g/kWh (", i.g_per_kwh);
  std::string out = number;
  if (!i.country.empty()) out += i.country + " " + std::to_string(i.year_used) + ", ";
  out += i.source;
  if (i.defaulted) out += ", no country given";
  return out + ")";
}

}  // namespace dsnn::energy
