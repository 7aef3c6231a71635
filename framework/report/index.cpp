#include "report/index.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "config/spec.h"
#include "dsnn/error.h"
#include "dsnn/version.h"
#include "report/page.h"
#include "store/store.h"
#include "store/trial_table.h"
#include "study/study.h"

namespace dsnn::report {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPercent = "_pct";
constexpr size_t kReasonBytes = 160;

/// One run below the folder.
struct Run {
  config::ExperimentSpec spec;
  std::string href, state;
  int64_t trials = 0, failed = 0, created_us = 0;
  double seconds = 0;
  std::map<std::string, double> values;  ///< by metric
  std::string why;                       ///< there is no value at all
};

std::string why_nothing(const store::StudyRecord& study, const std::vector<store::TrialRecord>& trials) {
  if (study.state == "running") return "no trial has finished yet";
  if (study.state == "interrupted") return "interrupted before a trial finished";
  for (const store::TrialRecord& trial : trials) {
    if (!trial.message.empty())
      return "no trial succeeded: " + trial.message.substr(0, trial.message.find('\n')).substr(0, kReasonBytes);
  }
  return "no trial succeeded";
}

/// A plain run: its trial. A search: the knee of its front, and for each objective the best of the front.
void read_values(const std::vector<store::TrialRecord>& trials, const store::StudyRecord& study, Run& run) {
  const study::FrontRule rule = study::front_rule(study, trials);
  const std::vector<Target>& objectives = rule.objectives;
  const auto at = [&](int64_t number) -> const store::TrialRecord& { return trials[static_cast<size_t>(number)]; };
  std::optional<int64_t> shown;
  std::vector<int64_t> front;
  if (objectives.empty()) {
    const auto good = std::find_if(trials.begin(), trials.end(),
                                   [](const store::TrialRecord& t) { return t.state == TrialState::complete; });
    if (good != trials.end()) shown = good->request.number;
  } else {
    front = study::front(trials, rule);
    shown = study::knee(trials, rule);
    if (!shown && !front.empty()) shown = front.front();
  }
  if (!shown) {
    run.why = why_nothing(study, trials);
    return;
  }
  for (const Metric& m : at(*shown).metrics) run.values[m.name] = m.value;
  for (size_t i = 0; i < objectives.size(); ++i) {
    const bool up = objectives[i].goal == Goal::maximize;
    std::optional<double> best;
    for (int64_t number : front) {
      const double value = at(number).objectives[i].value;
      if (!best || (up ? value > *best : value < *best)) best = value;
    }
    if (best) run.values[objectives[i].metric] = *best;
  }
}

/// nullopt when another version wrote it.
std::optional<Run> read_run(const fs::path& folder, const fs::path& run_folder) {
  const auto store = store::open_sqlite(run_folder / "study.sqlite", store::Open::read_only);
  const auto study = store->study();
  std::optional<config::ExperimentSpec> spec =
      study ? config::ExperimentSpec::from_text(study->spec_json) : std::nullopt;
  if (!spec) return std::nullopt;
  Run run;
  run.spec = std::move(*spec);
  run.href = (run_folder / "report.html").lexically_relative(folder).generic_string();
  run.state = study->state + (study->stopped_by.empty() ? "" : ": " + study::ending_text(study->stopped_by));
  run.created_us = study->created_us;
  const std::vector<store::TrialRecord> trials = store->trials();
  for (const store::TrialRecord& trial : trials) {
    ++run.trials;
    run.failed += store::is_failure(trial.state) ? 1 : 0;
    run.seconds += std::isfinite(trial.seconds) ? trial.seconds : 0;
  }
  read_values(trials, *study, run);
  return run;
}

using Labels = std::map<std::string, std::string>;  // axis -> label

/// One column of a table: which runs, and which metric of them.
struct Column {
  std::string head;
  Labels labels;
  std::string metric;
};

/// What a table is laid out by.
struct Layout {
  std::optional<config::Matrix::Axis> rows, columns;
  std::vector<config::Matrix::Axis> others;  ///< one table for every combination of their labels
  std::vector<std::string> metrics;
};

std::vector<std::string> usual_metrics(const Run& newest) {
  std::vector<std::string> out;
  for (const Target& objective : newest.spec.objectives) out.push_back(objective.metric);
  if (!out.empty()) return out;
  return {newest.values.contains("test.error") ? "test.error" : "validation.error"};
}

Layout layout_of(const Run& newest) {
  Layout out;
  const Value* report = newest.spec.tree.find("report");
  const Value* table = report == nullptr ? nullptr : report->find("table");
  const bool declared = table != nullptr && table->is_map();
  std::string rows, columns;
  const auto& axes = newest.spec.matrix.axes;
  if (declared) {
    rows = table->at("rows").string();
    columns = table->at("columns").string();
    out.metrics = {table->at("metric").string()};
  } else {
    if (!axes.empty()) rows = axes[0].name;
    if (axes.size() > 1) columns = axes[1].name;
    out.metrics = usual_metrics(newest);
  }
  for (const config::Matrix::Axis& axis : axes) {
    if (axis.name == rows) {
      out.rows = axis;
    } else if (axis.name == columns) {
      out.columns = axis;
    } else {
      out.others.push_back(axis);
    }
  }
  return out;
}

/// Every combination of the labels of some axes; one empty combination when there are none.
std::vector<Labels> combinations(const std::vector<config::Matrix::Axis>& axes) {
  std::vector<Labels> out(1);
  for (const config::Matrix::Axis& axis : axes) {
    std::vector<Labels> wider;
    for (const Labels& labels : out) {
      for (const std::string& label : axis.labels) {
        wider.push_back(labels);
        wider.back()[axis.name] = label;
      }
    }
    out = std::move(wider);
  }
  return out;
}

/// The runs of one experiment and the tables made of them.
class Experiment {
 public:
  /// Runs in the order in which they began, which is the order of the matrix.
  explicit Experiment(std::vector<Run> runs) : runs_(std::move(runs)) {
    std::stable_sort(runs_.begin(), runs_.end(),
                     [](const Run& a, const Run& b) { return a.created_us < b.created_us; });
    newest_ = &runs_.back();
  }

  Value to_value() const {
    Value tables = Value::list(), list = Value::list();
    const Layout layout = layout_of(*newest_);
    for (const Labels& fixed : combinations(layout.others)) add_tables(layout, fixed, tables);
    for (const Run& run : runs_) list.push_back(run_value(run));
    return Value(
        Value::Map{{"name", Value(newest_->spec.name)}, {"tables", std::move(tables)}, {"runs", std::move(list)}});
  }

 private:
  void add_tables(const Layout& layout, const Labels& fixed, Value& tables) const {
    if (!layout.columns) {
      std::vector<Column> columns;
      for (const std::string& metric : layout.metrics) columns.push_back({metric, {}, metric});
      tables.push_back(table(layout, fixed, "", columns));
      return;
    }
    for (const std::string& metric : layout.metrics) {
      std::vector<Column> columns;
      for (const std::string& label : layout.columns->labels)
        columns.push_back({label, {{layout.columns->name, label}}, metric});
      tables.push_back(table(layout, fixed, metric, columns));
    }
  }

  Value table(const Layout& layout, const Labels& fixed, const std::string& metric,
              const std::vector<Column>& columns) const {
    std::string title = metric;
    for (const auto& [axis, label] : fixed) title += (title.empty() ? "" : ", ") + axis + " " + label;
    Value heads = Value::list(), rows = Value::list();
    for (const Column& column : columns) heads.push_back(column.head);
    const std::vector<std::string> labels = layout.rows ? layout.rows->labels : std::vector<std::string>{""};
    for (const std::string& label : labels) {
      Value cells = Value::list();
      for (const Column& column : columns) {
        Labels place = fixed;
        if (layout.rows) place[layout.rows->name] = label;
        place.insert(column.labels.begin(), column.labels.end());
        cells.push_back(cell(place, column.metric));
      }
      rows.push_back(Value(Value::Map{{"label", Value(label)}, {"cells", std::move(cells)}}));
    }
    return Value(Value::Map{{"title", Value(title)},
                            {"rows", Value(layout.rows ? layout.rows->name : "")},
                            {"columns", Value(layout.columns ? layout.columns->name : "")},
                            {"heads", std::move(heads)},
                            {"body", std::move(rows)}});
  }

  Value cell(const Labels& labels, const std::string& metric) const {
    double sum = 0, squares = 0;
    int64_t n = 0;
    Value runs = Value::list();
    for (int64_t seed : newest_->spec.matrix.seeds) {
      const Run* run = find_run(labels, seed);
      Value item(Value::Map{{"seed", Value(seed)}});
      const std::optional<double> value = run == nullptr ? std::nullopt : value_of(*run, metric);
      if (run != nullptr) item.set("href", run->href);
      if (value) {
        item.set("value", *value);
        sum += *value;
        squares += *value * *value;
        ++n;
      } else {
        item.set("why", why_missing(run, labels, metric));
      }
      runs.push_back(std::move(item));
    }
    Value out(Value::Map{{"n", Value(n)}, {"runs", std::move(runs)}});
    const auto count = static_cast<double>(n);
    if (n > 0) out.set("mean", sum / count);
    if (n > 1) out.set("sd", std::sqrt(std::max(0.0, (squares - sum * sum / count) / (count - 1))));
    return out;
  }

  const Run* find_run(const Labels& labels, int64_t seed) const {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) {
      return run.spec.cell_labels == labels && run.spec.seed == seed;
    });
    return found == runs_.end() ? nullptr : &*found;
  }

  static std::optional<double> value_of(const Run& run, const std::string& metric) {
    const bool percent = metric.ends_with(kPercent);
    const auto found = run.values.find(percent ? metric.substr(0, metric.size() - kPercent.size()) : metric);
    if (found == run.values.end() || !std::isfinite(found->second)) return std::nullopt;
    return percent ? 100 * found->second : found->second;
  }

  std::string why_missing(const Run* run, const Labels& labels, const std::string& metric) const {
    if (run != nullptr) return run->why.empty() ? metric + " was not recorded" : run->why;
    std::string name;
    for (const config::Matrix::Axis& axis : newest_->spec.matrix.axes)
      name += (name.empty() ? "" : "-") + labels.find(axis.name)->second;
    const auto& skipped = newest_->spec.matrix.skipped;
    const bool left_out = std::find(skipped.begin(), skipped.end(), name) != skipped.end();
    return left_out ? "left out by matrix.skip" : "not run yet";
  }

  static Value run_value(const Run& run) {
    Value out = Value::map();
    out.set("folder", run.spec.folder().generic_string());
    out.set("href", run.href);
    out.set("state", run.state);
    out.set("trials", run.trials);
    out.set("failed", run.failed);
    out.set("seconds", run.seconds);
    return out;
  }

  std::vector<Run> runs_;
  const Run* newest_ = nullptr;
};

}  // namespace

Value index_data(const fs::path& folder, const std::vector<fs::path>& runs) {
  std::map<std::string, std::vector<Run>> by_name;
  Value unreadable = Value::list();
  for (const fs::path& run_folder : runs) {
    const std::string name = run_folder.lexically_relative(folder).generic_string();
    try {
      if (std::optional<Run> run = read_run(folder, run_folder)) {
        by_name[run->spec.name].push_back(std::move(*run));
      } else {
        unreadable.push_back(name + " was written by another version of dsnn-run");
      }
    } catch (const ExitError& e) {
      unreadable.push_back(name + ": " + e.what());
    }
  }
  Value experiments = Value::list();
  for (auto& [name, members] : by_name) experiments.push_back(Experiment(std::move(members)).to_value());
  return Value(Value::Map{{"version", Value(kReportVersion)},
                          {"experiments", std::move(experiments)},
                          {"unreadable", std::move(unreadable)}});
}

void write_index(const fs::path& folder, const std::vector<fs::path>& runs) {
  const std::string title = fs::absolute(folder).lexically_normal().filename().string();
  const fs::path file = folder / "index.html";
  if (fs::exists(file) && !is_own_page(file)) {
    throw ExitError(73, file.string() +
                            " was not written by dsnn-run and stays as it is; move it, and 'dsnn-run report " +
                            folder.string() + "' writes the page of all runs there");
  }
  write_page(file, {.kind = Page::Kind::index, .title = title, .data = index_data(folder, runs)});
}

}  // namespace dsnn::report
