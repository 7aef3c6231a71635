#pragma once

#include <filesystem>
#include <string>

#include "config/spec.h"
#include "energy/carbon_table.h"
#include "store/store.h"

namespace dsnn::report {

/// One JSON object per event and line: {"version":1,"event":ID,"ts_us":..,"trial":N|null,"kind":..,"data":{..}}.
std::string events_jsonl(const store::Store& store);

/// The front, sorted by the first objective: number, knee (0 or 1), objectives, constraints, budget columns, one column
/// per parameter id. Only the header when nothing is on the front.
std::string pareto_csv(const store::Store& store);

/// CodeCarbon's 38 columns in its order, one row per trial that measured energy; what is unknown is empty. As in
/// CodeCarbon, kWh and watts include the PUE. Times are UTC.
std::string emissions_csv(const store::Store& store, double pue, const energy::CarbonIntensity& intensity);

/// One row per meter window: trial, source, scope, joules, sigma, attribution, and why a
/// reading is missing. Then what CodeCarbon has no column for: the intensity, its country, year and source.
std::string energy_csv(const store::Store& store, double pue, const energy::CarbonIntensity& intensity);

/// Writes events.jsonl, pareto.csv, trials.csv (the trial table), emissions.csv and energy.csv into the run's folder,
/// each atomically. Throws ExitError 73 or 74, ConfigError for an unknown country.
void write_run_files(const std::filesystem::path& run_folder, const store::Store& store, const config::Grid& grid);

}  // namespace dsnn::report
