#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <map>

#include "dsnn/error.h"
#include "energy/accounting.h"
#include "print.h"
#include "progress.h"
#include "run_reader.h"
#include "study/lineage.h"
#include "table.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

namespace po = boost::program_options;
using store::TrialRecord;
using Rows = std::vector<std::vector<std::string>>;

constexpr size_t kLogLines = 20;
constexpr std::streamoff kLogBytes = 16384;
constexpr size_t kCurvePoints = 12;

int64_t parse_number(const std::string& text) {
  int64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    throw ExitError(2, "TRIAL got '" + text + "', expected a trial's number");
  }
  return number;
}

std::string time_text(int64_t time_us) {
  if (time_us <= 0) return "-";
  const auto seconds = static_cast<time_t>(time_us / 1000000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

void section(const std::string& title, const std::string& body) {
  if (!body.empty()) print("\n" + title + "\n" + body);
}

std::string state_text(const TrialRecord& t) {
  std::string out = to_string(t.state);
  if (t.fail != FailKind::none) out += std::string(" (") + to_string(t.fail) + ")";
  if (!t.message.empty()) out += ": " + t.message;
  return out;
}

std::string budget_text(const Run& run, const TrialRequest& r) {
  if (r.budget.value.empty()) return "full";
  std::string out;
  for (size_t i = 0; i < r.budget.value.size(); ++i) {
    out += (i > 0 ? ", " : "") + short_number(r.budget.value[i]);
    if (i < run.study.budget_axes.size()) out += " " + run.study.budget_axes[i];
  }
  return out;
}

std::string parent_text(const TrialRequest& r) {
  if (!r.parent) return "";
  return (r.start_from ? ", continues trial " : ", trained anew after trial ") + std::to_string(*r.parent);
}

std::string head_of(const Run& run, const TrialRecord& t) {
  const TrialRequest& r = t.request;
  Rows rows = {
      {"state", state_text(t)},
      {"origin", std::string(to_string(r.origin)) + parent_text(r)},
      {"budget", budget_text(run, r) + (r.origin == Origin::default_ ? ", outside the brackets"
                                                                     : ", bracket " + std::to_string(r.budget.bracket) +
                                                                           ", rung " + std::to_string(r.budget.rung))},
      {"seed", std::to_string(r.seed)},
      {"finished", time_text(t.finished_us) + (t.seconds > 0 ? " after " + duration_text(t.seconds) : "")}};
  if (std::find(run.front.begin(), run.front.end(), r.number) != run.front.end()) {
    rows.push_back({"front", run.knee == r.number ? "member, knee" : "member"});
  }
  for (size_t k = 0; k < t.objectives.size() && k < run.rule.objectives.size(); ++k) {
    rows.push_back({run.rule.objectives[k].name, short_number(t.objectives[k].value)});
  }
  for (size_t k = 0; k < t.constraints.size() && k < run.rule.constraints.size(); ++k) {
    rows.push_back({run.rule.constraints[k].name, short_number(t.constraints[k].value)});
  }
  return table(rows);
}

std::string difference_text(const Run& run, const TrialRecord& t) {
  if (run.space.empty()) return "";
  Rows rows = differences(t.request.configuration, run.space.default_configuration());
  if (rows.empty()) return "  none: this is the default configuration\n";
  for (auto& row : rows) {
    row[1] = row[1].empty() ? "inactive" : row[1];
    row[2] = row[2].empty() ? "(inactive by default)" : "(default " + row[2] + ")";
  }
  return table(rows);
}

/// The trials of one configuration at growing budgets.
std::vector<const TrialRecord*> lineage_of(const Run& run, const TrialRecord& t) {
  std::vector<const TrialRecord*> out;
  for (const TrialRecord& other : run.trials) {
    if (other.request.root == t.request.root && other.request.replicate == t.request.replicate) out.push_back(&other);
  }
  return out;
}

std::string rungs_text(const Run& run, const TrialRecord& t) {
  const auto lineage = lineage_of(run, t);
  if (lineage.size() < 2) return "";
  std::vector<std::string> head = {"trial", "rung", "budget", "state"};
  for (const Target& o : run.rule.objectives) head.push_back(o.name);
  Rows rows = {head};
  for (const TrialRecord* other : lineage) {
    std::vector<std::string> row = {std::to_string(other->request.number) + (other == &t ? " *" : ""),
                                    std::to_string(other->request.budget.rung), budget_text(run, other->request),
                                    to_string(other->state)};
    for (const Measured& m : other->objectives) row.push_back(short_number(m.value));
    rows.push_back(std::move(row));
  }
  return table(rows);
}

/// One row per metric, one column per step of the whole training; long curves keep evenly spaced steps and the last.
std::string curves_text(const Run& run, const TrialRecord& t) {
  std::map<std::string, std::map<int64_t, double>> curves;
  std::vector<int64_t> steps;
  for (const store::EpochMetric& m : study::trained_history(*run.store, run.trials, t.request.number)) {
    curves[m.name][m.step] = m.value;
    steps.push_back(m.step);
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  if (steps.empty()) return "";
  std::vector<int64_t> shown;
  const size_t stride = (steps.size() + kCurvePoints - 1) / kCurvePoints;
  for (size_t i = (steps.size() - 1) % stride; i < steps.size(); i += stride) shown.push_back(steps[i]);
  Rows rows = {{"epoch"}};
  for (const int64_t step : shown) rows[0].push_back(std::to_string(step));
  for (const auto& [name, values] : curves) {
    std::vector<std::string> row = {name};
    for (const int64_t step : shown) row.push_back(values.contains(step) ? short_number(values.at(step)) : "-");
    rows.push_back(std::move(row));
  }
  return table(rows);
}

std::string metrics_text(const TrialRecord& t) {
  Rows rows;
  for (const Metric& m : t.metrics) rows.push_back({m.name, short_number(m.value)});
  return rows.empty() ? "" : table(rows);
}

std::string energy_text(const Run& run, const TrialRecord& t) {
  const auto readings = run.store->readings(t.request.number);
  if (readings.empty()) return "";
  Rows rows = {{"window", "scope", "source", "joules", "sigma", "seconds", "share", "remark"}};
  for (const EnergyReading& r : readings) {
    rows.push_back({r.step, r.scope, r.source, r.joules ? short_number(*r.joules) : "-", short_number(r.sigma_joules),
                    short_number(r.seconds), r.attribution, r.why_missing});
  }
  return table(rows);
}

std::string attempts_text(const Run& run, const TrialRecord& t) {
  const auto attempts = run.store->attempts(t.request.number);
  Rows rows = {{"attempt", "worker", "host", "pid", "started", "took", "outcome", "peak memory"}};
  for (const store::AttemptRecord& a : attempts) {
    std::string outcome = a.outcome.empty() ? (run.driver ? "running" : "open") : a.outcome;
    if (a.signal != 0) outcome += ", signal " + std::to_string(a.signal);
    if (a.exit_code != 0) outcome += ", exit " + std::to_string(a.exit_code);
    rows.push_back({std::to_string(a.attempt), a.worker, a.host, std::to_string(a.pid), time_text(a.start_us),
                    a.end_us > 0 ? duration_text(static_cast<double>(a.end_us - a.start_us) / 1e6) : "-", outcome,
                    a.peak_rss_bytes > 0 ? std::to_string(a.peak_rss_bytes / 1000000) + " MB" : "-"});
  }
  return attempts.empty() ? "" : table(rows);
}

std::string log_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return "";
  const std::streamoff size = in.tellg();
  in.seekg(size > kLogBytes ? size - kLogBytes : 0);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  std::string out;
  for (size_t i = lines.size() > kLogLines ? lines.size() - kLogLines : 0; i < lines.size(); ++i)
    out += "  " + lines[i] + "\n";
  return out;
}

class ShowVerb : public Verb {
 public:
  std::string name() const override { return "show"; }
  std::string summary() const override { return "one trial: configuration, rungs, curves, energy, attempts, log"; }
  std::string synopsis() const override { return "show RUN TRIAL"; }
  std::string example() const override { return "dsnn-run show runs/fashion-mnist-pareto 17"; }
  std::pair<int, int> positional() const override { return {2, 2}; }

  int run(const po::variables_map&, const std::vector<std::string>& arguments, const Global&) const override {
    const Run read = open_run(arguments[0]);
    const int64_t number = parse_number(arguments[1]);
    const TrialRecord* t = read.find(number);
    if (t == nullptr) {
      throw ExitError(2, "no trial " + std::to_string(number) + " in '" + read.folder.string() + "'; it has " +
                             std::to_string(read.trials.size()) + ", numbered from 0");
    }
    const std::filesystem::path folder = read.folder / "trials" / std::to_string(number);
    print("trial " + std::to_string(number) + " of " + read.study.name + "\n" + head_of(read, *t));
    section("difference from the default", difference_text(read, *t));
    section("rungs of this configuration", rungs_text(read, *t));
    section("curves", curves_text(read, *t));
    section("metrics", metrics_text(*t));
    section("energy", energy_text(read, *t));
    section("attempts", attempts_text(read, *t));
    section("end of " + (folder / "log.txt").string(), log_text(folder / "log.txt"));
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_show_verb() { return std::make_unique<ShowVerb>(); }

}  // namespace dsnn::cli
