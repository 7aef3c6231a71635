#include "run_summary.h"

#include <set>

#include "plugin/program.h"
#include "progress.h"
#include "study/study.h"
#include "table.h"

namespace dsnn::cli {
namespace {

/// The words that name a configuration, without the parts every id of the front shares.
std::string configuration_text(const Configuration& configuration) {
  std::string out;
  for (const auto& [id, value] : configuration.values) {
    const size_t dot = id.rfind('.');
    out += (out.empty() ? "" : ", ") + (dot == std::string::npos ? id : id.substr(dot + 1)) + " " +
           (value.is_float() ? short_number(value.number()) : to_text(value));
  }
  return out;
}

std::string front_table(const config::ExperimentSpec& spec, const execution::SessionResult& result) {
  std::vector<std::string> head{"trial"};
  for (const Target& target : spec.objectives) head.push_back(target.name);
  for (const Target& target : spec.constraints) head.push_back(target.name);
  head.push_back("configuration");
  std::vector<std::vector<std::string>> rows{head};
  for (int64_t number : result.loop.status.front) {
    const store::TrialRecord& record = result.records[static_cast<size_t>(number)];
    std::vector<std::string> row{std::to_string(number) +
                                 (record.request.origin == Origin::default_ ? " (default)" : "")};
    for (const Measured& m : record.objectives) row.push_back(short_number(m.value));
    for (const Measured& m : record.constraints) row.push_back(short_number(m.value));
    row.push_back(configuration_text(record.request.configuration));
    rows.push_back(std::move(row));
  }
  return table(rows);
}

std::string single_table(const store::TrialRecord& record) {
  std::vector<std::vector<std::string>> rows;
  for (const Metric& metric : record.metrics) rows.push_back({metric.name, short_number(metric.value)});
  return table(rows);
}

std::string ending(const config::ExperimentSpec& spec, const execution::SessionResult& result,
                   const std::string& command) {
  if (result.loop.interrupted) return "interrupted; resume with: " + command + "\n";
  if (!spec.is_search() && result.loop.cut_off == 0) return "done\n";
  const std::string& by = result.loop.stopped_by;
  const bool is_limit = !by.empty() && by != study::kNothingFeasible;
  std::string out = "done: " + study::ending_text(by);
  if (const int64_t stopped = result.loop.cut_off; stopped > 0) {
    out += "; " + std::to_string(stopped) +
           (stopped == 1 ? " trial was stopped and has its checkpoint"
                         : " trials were stopped and have their checkpoints");
  }
  return out + (is_limit ? "; raise it and continue with: " + command : "") + "\n";
}

}  // namespace

std::string run_summary(const config::ExperimentSpec& spec, const execution::SessionResult& result,
                        const std::string& command) {
  const study::LoopStatus& status = result.loop.status;
  std::string out =
      spec.folder().string() + ": " + std::to_string(status.finished) + (status.finished == 1 ? " trial" : " trials");
  if (status.failed > 0) out += ", " + std::to_string(status.failed) + " failed";
  if (status.refused > 0)
    out += ", " + std::to_string(status.refused) + " refused by a constraint known before training";
  out += ", " + duration_text(status.wall_seconds) + "\n";
  if (spec.is_search() && !spec.objectives.empty()) {
    const study::FrontRule rule = study::front_rule(spec);
    out += status.front.empty() ? "no trial on the Pareto front" + rule.of() + " yet\n"
                                : "Pareto front" + rule.of() + ":\n" + front_table(spec, result);
    for (const std::string& note : study::hypervolume_notes(result.records, rule)) out += "note: " + note + "\n";
  } else if (!result.records.empty()) {
    const store::TrialRecord& only = result.records.front();
    out += only.message.empty() ? "" : std::string(to_string(only.state)) + ": " + only.message + "\n";
    out += single_table(only);
  }
  out += "energy: ";
  out += result.kwh > 0 ? short_number(result.kwh) + " kWh, " + short_number(result.kg) + " kg CO2e (" +
                              result.energy_label + ")\n"
                        : "not measured\n";
  out += "report: " + plugin::shown(result.folder / "report.html") + "\n";
  return out + ending(spec, result, command);
}

}  // namespace dsnn::cli
