#include "energy/accounting.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace dsnn::energy {
namespace {

bool covers_whole_step(const EnergyReading& r) { return r.step.empty() || r.step == "step" || r.step == "trial"; }

bool counts(const EnergyReading& r) { return r.joules.has_value() && rank_of_source(r.source) > 0; }

/// The best-ranked reading per window and scope. Of one rank all count: they are different devices.
std::vector<const EnergyReading*> chosen(std::span<const EnergyReading> readings) {
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

std::string join(const std::set<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

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

std::optional<double> measured_joules(std::span<const EnergyReading> readings) {
  std::optional<double> sum;
  for (const EnergyReading* r : chosen(readings)) sum = sum.value_or(0) + *r->joules;
  return sum;
}

std::optional<double> measured_joules(std::span<const EnergyReading> readings, const std::string& scope) {
  std::optional<double> sum;
  for (const EnergyReading* r : chosen(readings)) {
    if (r->scope == scope) sum = sum.value_or(0) + *r->joules;
  }
  return sum;
}

int worst_rank(std::span<const EnergyReading> readings) {
  int worst = 0;
  for (const EnergyReading* r : chosen(readings)) worst = std::max(worst, rank_of_source(r->source));
  return worst;
}

double emissions_kg(double kwh, double pue, const CarbonIntensity& intensity) {
  return pue * kwh * intensity.g_per_kwh / 1000;
}

void add_metrics(Evaluation& e, std::optional<double> parent_training_kwh, double pue,
                 const CarbonIntensity& intensity) {
  if (const auto joules = measured_joules(e.readings)) {
    const double step_kwh = *joules / kJoulesPerKwh;
    set_metric(e.metrics, "step.energy_kwh", step_kwh);
    if (!e.request.start_from || parent_training_kwh) {
      const double total = step_kwh + (e.request.start_from ? *parent_training_kwh : 0);
      set_metric(e.metrics, "training.energy_kwh", total);
      set_metric(e.metrics, "training.emissions_kg", emissions_kg(total, pue, intensity));
    }
  }
  if (const Metric* inference = find_metric(e.metrics, "inference.energy_mj")) {
    const double kwh = inference->value / 1000 / kJoulesPerKwh;
    set_metric(e.metrics, "inference.emissions_kg", emissions_kg(kwh, pue, intensity));
  }
}

StudyEnergy study_energy(const store::Store& store, double pue, const CarbonIntensity& intensity) {
  StudyEnergy out;
  std::set<std::string> sources;
  for (const store::TrialRecord& trial : store.trials()) {
    if (trial.finished_us == 0) continue;
    const auto readings = store.readings(trial.request.number);
    const auto joules = measured_joules(readings);
    if (!joules) {
      ++out.trials_without_reading;
      continue;
    }
    out.kwh += *joules / kJoulesPerKwh;
    out.worst_rank = std::max(out.worst_rank, worst_rank(readings));
    for (const EnergyReading* r : chosen(readings)) sources.insert(r->source);
  }
  out.kg = emissions_kg(out.kwh, pue, intensity);
  out.sources = join(sources);
  out.label = out.worst_rank == 0 ? "not measured" : out.worst_rank <= 2 ? "measured" : "estimated";
  return out;
}

}  // namespace dsnn::energy
