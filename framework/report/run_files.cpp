#include "report/run_files.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <optional>
#include <thread>
#include <vector>

#include <sys/utsname.h>

#include "dsnn/search_space.h"
#include "energy/accounting.h"
#include "store/csv.h"
#include "store/file.h"
#include "store/readings.h"
#include "store/trial_table.h"
#include "study/study.h"

namespace dsnn::report {
namespace {

constexpr std::array kCodeCarbonColumns = {"timestamp",
                                           "project_name",
                                           "run_id",
                                           "experiment_id",
                                           "duration",
                                           "emissions",
                                           "emissions_rate",
                                           "cpu_power",
                                           "gpu_power",
                                           "ram_power",
                                           "cpu_energy",
                                           "gpu_energy",
                                           "ram_energy",
                                           "energy_consumed",
                                           "water_consumed",
                                           "country_name",
                                           "country_iso_code",
                                           "region",
                                           "cloud_provider",
                                           "cloud_region",
                                           "os",
                                           "python_version",
                                           "codecarbon_version",
                                           "cpu_count",
                                           "cpu_model",
                                           "gpu_count",
                                           "gpu_model",
                                           "longitude",
                                           "latitude",
                                           "ram_total_size",
                                           "tracking_mode",
                                           "cpu_utilization_percent",
                                           "gpu_utilization_percent",
                                           "ram_utilization_percent",
                                           "ram_used_gb",
                                           "on_cloud",
                                           "pue",
                                           "wue"};
static_assert(kCodeCarbonColumns.size() == 38);

std::string utc_text(int64_t time_us) {
  const auto seconds = static_cast<time_t>(time_us / 1000000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return text.data();
}

std::string operating_system() {
  utsname name{};
  if (::uname(&name) != 0) return "";
  return std::string(name.sysname) + "-" + name.release + "-" + name.machine;
}

/// A CSV row under CodeCarbon's header; columns never set stay empty.
class EmissionsRow {
 public:
  void set(std::string_view column, const std::string& text) {
    for (size_t i = 0; i < kCodeCarbonColumns.size(); ++i) {
      if (kCodeCarbonColumns[i] == column) cells_[i] = text;
    }
  }
  void set(std::string_view column, std::optional<double> v) {
    if (v) set(column, store::number_text(*v));
  }
  std::string text() const { return store::csv_row_for_people({cells_.begin(), cells_.end()}); }

 private:
  std::array<std::string, kCodeCarbonColumns.size()> cells_;
};

/// Energy in kWh and mean power in W of one scope, under CodeCarbon's column names.
void set_scope(EmissionsRow& row, const std::string& name, std::optional<double> joules, double seconds, double pue) {
  if (!joules) return;
  row.set(name + "_energy", pue * *joules / energy::kJoulesPerKwh);
  if (seconds > 0) row.set(name + "_power", pue * *joules / seconds);
}

EmissionsRow emissions_row(const store::StudyRecord& study, const store::TrialRecord& trial,
                           const std::vector<EnergyReading>& readings, double joules, double pue,
                           const energy::CarbonIntensity& intensity) {
  EmissionsRow row;
  const double kwh = joules / energy::kJoulesPerKwh;
  const double kg = energy::emissions_kg(kwh, pue, intensity);
  row.set("timestamp", utc_text(trial.finished_us));
  row.set("project_name", study.name);
  row.set("run_id", study.uuid + "-" + std::to_string(trial.request.number));
  row.set("experiment_id", study.uuid);
  row.set("duration", trial.seconds);
  row.set("emissions", kg);
  if (trial.seconds > 0) row.set("emissions_rate", kg / trial.seconds);
  set_scope(row, "cpu", store::measured_joules(readings, "cpu_pkg"), trial.seconds, pue);
  set_scope(row, "gpu", store::measured_joules(readings, "gpu"), trial.seconds, pue);
  set_scope(row, "ram", store::measured_joules(readings, "dram"), trial.seconds, pue);
  row.set("energy_consumed", pue * kwh);
  row.set("country_iso_code", intensity.country);
  row.set("os", operating_system());
  row.set("cpu_count", std::to_string(std::thread::hardware_concurrency()));
  row.set("on_cloud", std::string("N"));
  row.set("pue", pue);
  return row;
}

std::string budget_name(const store::StudyRecord& study, size_t axis) {
  return "budget." + (axis < study.budget_axes.size() ? study.budget_axes[axis] : std::to_string(axis));
}

void append(std::vector<std::string>& row, const std::vector<Measured>& values, size_t count) {
  for (size_t i = 0; i < count; ++i) row.push_back(i < values.size() ? store::number_text(values[i].value) : "");
}

}  // namespace

std::string events_jsonl(const store::Store& store) {
  std::string out;
  for (const store::EventRecord& e : store.events()) {
    Value line = Value::map();
    line.set("version", 1);
    line.set("event", e.id);
    line.set("ts_us", e.time_us);
    line.set("trial", e.trial ? Value(*e.trial) : Value());
    line.set("kind", e.kind);
    line.set("data", e.json);
    out += to_json(line) + "\n";
  }
  return out;
}

std::string pareto_csv(const store::Store& store) {
  const auto study = store.study();
  if (!study) return "number,knee\n";
  const auto objectives = store::targets_of(study->targets, Target::Role::objective);
  const auto constraints = store::targets_of(study->targets, Target::Role::constraint);
  const auto trials = store.trials();
  const SearchSpace space = study->space.is_null() ? SearchSpace() : SearchSpace::from_json(study->space);
  std::vector<std::string> header = {"number", "knee"};
  for (const Target& t : objectives) header.push_back(t.name);
  for (const Target& t : constraints) header.push_back(t.name);
  for (size_t i = 0; i < study->budget_axes.size(); ++i) header.push_back(budget_name(*study, i));
  for (const Parameter& p : space.parameters()) header.push_back(p.id);
  std::string out = store::csv_row_for_people(header);
  const study::FrontRule rule = study::front_rule(*study, trials);
  const auto knee = study::knee(trials, rule);
  for (const int64_t number : study::front(trials, rule)) {
    for (const store::TrialRecord& t : trials) {
      if (t.request.number != number) continue;
      std::vector<std::string> row = {std::to_string(number), knee == number ? "1" : "0"};
      append(row, t.objectives, objectives.size());
      append(row, t.constraints, constraints.size());
      for (size_t i = 0; i < study->budget_axes.size(); ++i) {
        row.push_back(i < t.request.budget.value.size() ? store::number_text(t.request.budget.value[i]) : "");
      }
      for (const Parameter& p : space.parameters()) {
        const Value* v = t.request.configuration.find(p.id);
        row.push_back(v ? to_text(*v) : "");
      }
      out += store::csv_row_for_people(row);
    }
  }
  return out;
}

std::string emissions_csv(const store::Store& store, double pue, const energy::CarbonIntensity& intensity) {
  std::string out = store::csv_row_for_people({kCodeCarbonColumns.begin(), kCodeCarbonColumns.end()});
  const auto study = store.study();
  if (!study) return out;
  for (const store::TrialRecord& t : store.trials()) {
    const auto readings = store.readings(t.request.number);
    const auto joules = store::measured_joules(readings);
    if (joules) out += emissions_row(*study, t, readings, *joules, pue, intensity).text();
  }
  return out;
}

std::string energy_csv(const store::Store& store, double pue, const energy::CarbonIntensity& intensity) {
  std::string out =
      store::csv_row_for_people({"trial", "step", "scope", "meter", "source", "rank", "attribution", "joules",
                                 "sigma_j", "seconds", "why_missing", "kwh", "emissions_kg", "pue",
                                 "intensity_g_per_kwh", "country", "year", "intensity_source", "country_defaulted"});
  for (const store::TrialRecord& t : store.trials()) {
    for (const EnergyReading& r : store.readings(t.request.number)) {
      const double kwh = r.joules.value_or(0) / energy::kJoulesPerKwh;
      out += store::csv_row_for_people(
          {std::to_string(t.request.number), r.step, r.scope, r.meter, r.source,
           std::to_string(store::rank_of_source(r.source)), r.attribution,
           r.joules ? store::number_text(*r.joules) : "", store::number_text(r.sigma_joules),
           store::number_text(r.seconds), r.why_missing, r.joules ? store::number_text(kwh) : "",
           r.joules ? store::number_text(energy::emissions_kg(kwh, pue, intensity)) : "", store::number_text(pue),
           store::number_text(intensity.g_per_kwh), intensity.country,
           intensity.year_used > 0 ? std::to_string(intensity.year_used) : "", intensity.source,
           intensity.defaulted ? "1" : "0"});
    }
  }
  return out;
}

void write_run_files(const std::filesystem::path& run_folder, const store::Store& store, const config::Grid& grid) {
  const energy::CarbonIntensity intensity = energy::intensity_of(grid);
  store::write_file_atomically(run_folder / "events.jsonl", events_jsonl(store));
  store::write_file_atomically(run_folder / "pareto.csv", pareto_csv(store));
  store::write_file_atomically(run_folder / "trials.csv", store::trial_table_csv(store, store::Columns::reproducible));
  store::write_file_atomically(run_folder / "emissions.csv", emissions_csv(store, grid.pue, intensity));
  store::write_file_atomically(run_folder / "energy.csv", energy_csv(store, grid.pue, intensity));
}

}  // namespace dsnn::report
