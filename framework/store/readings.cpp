#include "store/readings.h"

#include "dsnn/checked_json.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace dsnn::store {
namespace {

bool covers_whole_step(const EnergyReading& r) { return r.step.empty() || r.step == "step" || r.step == "trial"; }

bool counts(const EnergyReading& r) { return r.joules.has_value() && rank_of_source(r.source) > 0; }

}  // namespace

int rank_of_source(const std::string& source) {
  static constexpr std::array<std::pair<const char*, int>, 7> kRanks = {{{"nvml_counter", 1},
                                                                         {"rapl_powercap", 1},
                                                                         {"nvml_power_integral", 2},
                                                                         {"rapl_perf", 2},
                                                                         {"tdp_model", 3},
                                                                         {"constant", 4},
                                                                         {"analytic", 0}}};
  const auto* found = std::find_if(kRanks.begin(), kRanks.end(), [&](const auto& r) { return source == r.first; });
  return found == kRanks.end() ? 4 : found->second;
}

std::vector<const EnergyReading*> best_readings(std::span<const EnergyReading> readings) {
  const bool has_whole = std::any_of(readings.begin(), readings.end(),
                                     [](const EnergyReading& r) { return counts(r) && covers_whole_step(r); });
  std::map<std::pair<std::string, std::string>, std::vector<const EnergyReading*>> best;
  for (const EnergyReading& r : readings) {
    if (!counts(r) || covers_whole_step(r) != has_whole) continue;
    auto& group = best[{r.step, r.scope}];
    const int rank = rank_of_source(r.source);
    const int known = group.empty() ? rank : rank_of_source(group.front()->source);
    if (rank > known) continue;
    if (rank < known) group.clear();
    if (!group.empty() && group.front()->meter != r.meter) continue;
    group.push_back(&r);
  }
  std::vector<const EnergyReading*> out;
  for (const auto& [key, group] : best) out.insert(out.end(), group.begin(), group.end());
  return out;
}

std::optional<double> measured_joules(std::span<const EnergyReading> readings) {
  std::optional<double> sum;
  for (const EnergyReading* r : best_readings(readings)) sum = sum.value_or(0) + *r->joules;
  return sum;
}

std::optional<double> measured_joules(std::span<const EnergyReading> readings, const std::string& scope) {
  std::optional<double> sum;
  for (const EnergyReading* r : best_readings(readings)) {
    if (r->scope == scope) sum = sum.value_or(0) + *r->joules;
  }
  return sum;
}

int worst_rank(std::span<const EnergyReading> readings) {
  int worst = 0;
  for (const EnergyReading* r : best_readings(readings)) worst = std::max(worst, rank_of_source(r->source));
  return worst;
}

Value to_value(const EnergyReading& r) {
  return Value(Value::Map{{"meter", Value(r.meter)},
                          {"source", Value(r.source)},
                          {"scope", Value(r.scope)},
                          {"attribution", Value(r.attribution)},
                          {"step", Value(r.step)},
                          {"joules", r.joules ? Value(*r.joules) : Value()},
                          {"sigma_joules", Value(r.sigma_joules)},
                          {"seconds", Value(r.seconds)},
                          {"why_missing", Value(r.why_missing)}});
}

EnergyReading reading_from(const Value& v) {
  EnergyReading out{.meter = checked::text(v, "meter"),
                    .source = checked::text(v, "source"),
                    .scope = checked::text(v, "scope"),
                    .attribution = checked::text(v, "attribution"),
                    .step = checked::text(v, "step"),
                    .joules = std::nullopt,
                    .sigma_joules = checked::any_number(v, "sigma_joules"),
                    .seconds = checked::any_number(v, "seconds"),
                    .why_missing = checked::text(v, "why_missing")};
  if (!checked::member(v, "joules").is_null()) out.joules = checked::any_number(v, "joules");
  return out;
}

}  // namespace dsnn::store
