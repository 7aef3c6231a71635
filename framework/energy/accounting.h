#pragma once

#include <optional>
#include <string>

#include "dsnn/types.h"
#include "energy/carbon_table.h"
#include "store/store.h"

namespace dsnn::energy {

inline constexpr double kJoulesPerKwh = 3.6e6;

/// kg CO2e = pue * kWh * g/kWh / 1000.
double emissions_kg(double kwh, double pue, const CarbonIntensity& intensity);

/// Adds step.energy_kwh, training.energy_kwh, training.emissions_kg (from the readings and, for a trial that continues
/// a parent, the parent's training.energy_kwh) and inference.emissions_kg (from inference.energy_mj). What cannot be
/// known is left out. Call it before the objectives are taken from the metrics.
void add_metrics(Evaluation& evaluation, std::optional<double> parent_training_kwh, double pue,
                 const CarbonIntensity& intensity);

/// What a whole study has used.
struct StudyEnergy {
  double kwh = 0, kg = 0;  ///< kWh without, kg with the PUE
  int worst_rank = 0;      ///< 0 = nothing measured
  std::string sources;     ///< "tdp_model", comma-separated
  std::string label;       ///< "measured", "estimated" or "not measured"
  int64_t trials_without_reading = 0;
};
StudyEnergy study_energy(const store::Store& store, double pue, const CarbonIntensity& intensity);

}  // namespace dsnn::energy
