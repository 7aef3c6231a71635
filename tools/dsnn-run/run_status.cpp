#include "run_status.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <system_error>

#include "energy/accounting.h"
#include "progress.h"
#include "store/trial_table.h"
#include "study/study.h"
#include "table.h"

namespace dsnn::cli {
namespace {

namespace fs = std::filesystem;

std::string state_of(const Run& run) {
  if (run.driver) return "running";
  return run.study.state == "running" ? "killed" : run.study.state;
}

void count(const Run& run, RunStatus& out) {
  for (const store::TrialRecord& t : run.trials) {
    switch (t.state) {
      case TrialState::waiting:
        ++out.waiting;
        break;
      case TrialState::running:
        ++(run.driver ? out.running : out.waiting);
        break;
      case TrialState::failed:
        ++out.failed;
        break;
      case TrialState::diverged:
        ++out.diverged;
        break;
      case TrialState::infeasible:
        ++out.infeasible;
        break;
      case TrialState::complete:
      case TrialState::pruned:
        ++out.done;
        break;
    }
  }
}

std::optional<int64_t> trials_left(const Run& run, const RunStatus& status) {
  if (!run.spec) return std::nullopt;
  const int64_t ended = status.done + status.failed + status.diverged;  // what is refused does not count
  if (!run.spec->is_search()) return std::max<int64_t>(0, 1 - ended);
  if (status.state == "finished") return 0;
  if (!run.spec->limits.trials) return std::nullopt;
  return std::max<int64_t>(0, *run.spec->limits.trials - ended);
}

/// Mean wall time of the trials so far over the workers; the mix of rungs ahead is taken to be that of the past.
std::optional<double> eta_of(const Run& run, const RunStatus& status) {
  if (!status.alive() || !status.left || *status.left == 0) return std::nullopt;
  double seconds = 0;
  int64_t trials = 0;
  for (const store::TrialRecord& t : run.trials) {
    if (!store::is_finished(t.state) || t.seconds <= 0) continue;
    seconds += t.seconds;
    ++trials;
  }
  if (trials == 0) return std::nullopt;
  const double workers = static_cast<double>(std::max<int64_t>(1, status.running));
  return seconds / static_cast<double>(trials) * static_cast<double>(*status.left) / workers;
}

std::vector<RunStatus::Best> best_of(const Run& run) {
  std::vector<RunStatus::Best> out;
  for (size_t k = 0; k < run.rule.objectives.size(); ++k) {
    const double sign = run.rule.objectives[k].goal == Goal::maximize ? -1 : 1;
    const store::TrialRecord* best = nullptr;
    for (const int64_t number : run.front) {
      const store::TrialRecord* t = run.find(number);
      if (best == nullptr || sign * t->objectives[k].value < sign * best->objectives[k].value) best = t;
    }
    if (best != nullptr) out.push_back({run.rule.objectives[k].name, best->objectives[k].value, best->request.number});
  }
  return out;
}

int64_t disk_use(const fs::path& folder) {
  int64_t bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) {
      const auto size = entry->file_size(gone);
      if (!gone) bytes += static_cast<int64_t>(size);
    }
  }
  return bytes;
}

std::string bytes_text(int64_t bytes) {
  static constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto amount = static_cast<double>(bytes);
  size_t unit = 0;
  for (; amount >= 1000 && unit + 1 < kUnits.size(); ++unit) amount /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 || amount >= 100 ? "%.0f %s" : "%.1f %s", amount, kUnits[unit]);
  return text.data();
}

std::string without_space(const std::string& words) { return words.empty() ? words : words.substr(1); }

std::string state_text(const RunStatus& s) {
  if (s.state == "finished" && !s.stopped_by.empty()) return "finished: " + study::ending_text(s.stopped_by);
  if (s.state == "killed") return "killed: the run command that started it resumes it";
  if (s.state == "interrupted") return "interrupted: the run command that started it resumes it";
  if (s.state == "running") return "running (" + s.driver + ")";
  return s.state;
}

std::string trials_text(const RunStatus& s) {
  std::string out = std::to_string(s.done) + " done, " + std::to_string(s.running) + " running, " +
                    std::to_string(s.failed) + " failed";
  if (s.diverged > 0) out += ", " + std::to_string(s.diverged) + " diverged";
  if (s.infeasible > 0) out += ", " + std::to_string(s.infeasible) + " refused";
  if (s.waiting > 0) out += ", " + std::to_string(s.waiting) + " waiting";
  if (s.left) out += ", " + std::to_string(*s.left) + " left";
  return out;
}

std::string best_text(const RunStatus& s) {
  std::string out;
  for (const auto& best : s.best) {
    out += (out.empty() ? "" : ", ") + best.objective + " " + short_number(best.value) + " (trial " +
           std::to_string(best.trial) + ")";
  }
  return out;
}

std::string energy_text(const RunStatus& s) {
  if (s.energy_label == "not measured") return s.energy_label;
  return short_number(s.kwh) + " kWh, " + short_number(s.kg) + " kg CO2e (" + s.energy_label + ")";
}

}  // namespace

std::string hypervolume_remark(const study::FrontRule& rule) {
  return rule.has_references() ? "" : " (no reference given: measured from the worst trial so far, and moves with it)";
}

RunStatus status_of(const Run& run) {
  RunStatus out;
  out.folder = run.folder.string();
  out.name = run.study.name;
  out.state = state_of(run);
  if (run.driver) out.driver = store::to_string(*run.driver);
  out.stopped_by = run.study.stopped_by;
  count(run, out);
  out.left = trials_left(run, out);
  out.eta_seconds = eta_of(run, out);
  out.best = best_of(run);
  out.front_size = run.front.size();
  out.front_of = run.rule.of();
  if (!run.front.empty()) {
    out.hypervolume = study::hypervolume(run.trials, run.rule);
    out.hypervolume_remark = hypervolume_remark(run.rule);
    out.notes = study::hypervolume_notes(run.trials, run.rule);
  }
  const config::Grid grid = run.spec ? run.spec->grid : config::Grid{};
  const energy::StudyEnergy used = energy::study_energy(*run.store, grid.pue, energy::intensity_of(grid));
  out.kwh = used.kwh;
  out.kg = used.kg;
  out.energy_label = used.label;
  out.disk_bytes = disk_use(run.folder);
  out.table_sha256 = store::trial_table_sha256(*run.store);
  return out;
}

Value to_value(const RunStatus& s) {
  Value v = Value::map();
  v.set("folder", s.folder);
  v.set("name", s.name);
  v.set("state", s.state);
  v.set("driver", s.driver.empty() ? Value() : Value(s.driver));
  v.set("stopped_by", s.stopped_by.empty() ? Value() : Value(s.stopped_by));
  Value trials = Value::map();
  for (const auto& [name, n] : {std::pair<const char*, int64_t>{"done", s.done},
                                {"running", s.running},
                                {"waiting", s.waiting},
                                {"failed", s.failed},
                                {"diverged", s.diverged},
                                {"infeasible", s.infeasible}}) {
    trials.set(name, n);
  }
  trials.set("left", s.left ? Value(*s.left) : Value());
  v.set("trials", trials);
  v.set("eta_seconds", s.eta_seconds ? Value(*s.eta_seconds) : Value());
  Value best = Value::map();
  for (const auto& b : s.best) {
    Value one = Value::map();
    one.set("value", b.value);
    one.set("trial", b.trial);
    best.set(b.objective, one);
  }
  v.set("best", best);
  v.set("front", static_cast<int64_t>(s.front_size));
  v.set("front_of", without_space(s.front_of));
  v.set("hypervolume", s.hypervolume ? Value(*s.hypervolume) : Value());
  v.set("energy_kwh", s.energy_label == "not measured" ? Value() : Value(s.kwh));
  v.set("emissions_kg", s.energy_label == "not measured" ? Value() : Value(s.kg));
  v.set("energy_label", s.energy_label);
  v.set("disk_bytes", s.disk_bytes);
  v.set("trial_table_sha256", s.table_sha256);
  return v;
}

std::string to_text(const RunStatus& s) {
  std::vector<std::vector<std::string>> rows = {{"state", state_text(s)}, {"trials", trials_text(s)}};
  if (s.eta_seconds) rows.push_back({"time left", "about " + duration_text(*s.eta_seconds)});
  if (!s.best.empty()) rows.push_back({"best", best_text(s)});
  if (s.hypervolume) {
    rows.push_back({"front", std::to_string(s.front_size) + (s.front_size == 1 ? " trial" : " trials") + s.front_of +
                                 ", hypervolume " + short_number(*s.hypervolume) + s.hypervolume_remark});
  }
  for (const std::string& note : s.notes) rows.push_back({"note", note});
  rows.push_back({"energy", energy_text(s)});
  rows.push_back({"disk", bytes_text(s.disk_bytes)});
  rows.push_back({"trial table", "sha256 " + s.table_sha256});
  return s.folder + (s.folder.ends_with(s.name) ? "" : " (" + s.name + ")") + "\n" + table(rows);
}

std::string table_of(const std::vector<RunStatus>& runs) {
  std::vector<std::vector<std::string>> rows = {
      {"run", "state", "done", "running", "failed", "left", "time left", "best", "energy", "disk"}};
  for (const RunStatus& s : runs) {
    rows.push_back({s.folder, s.state, std::to_string(s.done), std::to_string(s.running),
                    std::to_string(s.failed + s.diverged), s.left ? std::to_string(*s.left) : "-",
                    s.eta_seconds ? duration_text(*s.eta_seconds) : "-", best_text(s).empty() ? "-" : best_text(s),
                    s.energy_label == "not measured" ? "-" : short_number(s.kwh) + " kWh", bytes_text(s.disk_bytes)});
  }
  return table(rows, 0);
}

}  // namespace dsnn::cli
