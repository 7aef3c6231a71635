#include "energy/accounting.h"

#include <algorithm>
#include <set>
#include <vector>

#include "store/readings.h"

namespace dsnn::energy {
namespace {

std::string join(const std::set<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace

double emissions_kg(double kwh, double pue, const CarbonIntensity& intensity) {
  return pue * kwh * intensity.g_per_kwh / 1000;
}

void add_metrics(Evaluation& e, std::optional<double> parent_training_kwh, double pue,
                 const CarbonIntensity& intensity) {
  if (const auto joules = store::measured_joules(e.readings)) {
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
    const auto joules = store::measured_joules(readings);
    if (!joules) {
      ++out.trials_without_reading;
      continue;
    }
    out.kwh += *joules / kJoulesPerKwh;
    out.worst_rank = std::max(out.worst_rank, store::worst_rank(readings));
    for (const EnergyReading* r : store::best_readings(readings)) sources.insert(r->source);
  }
  out.kg = emissions_kg(out.kwh, pue, intensity);
  out.sources = join(sources);
  out.label = out.worst_rank == 0 ? "not measured" : out.worst_rank <= 2 ? "measured" : "estimated";
  return out;
}

}  // namespace dsnn::energy
