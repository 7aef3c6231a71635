#include "config/cross_check.h"

#include <algorithm>

#include "config/did_you_mean.h"
#include "config/later.h"
#include "config/metric_names.h"

namespace dsnn::config {
namespace {

template <class T>
std::optional<T> optional_at(const Value& section, std::string_view key) {
  const Value* found = section.find(key);
  if (found == nullptr || found->is_null()) return std::nullopt;
  if constexpr (std::is_same_v<T, std::string>)
    return found->string();
  else if constexpr (std::is_same_v<T, double>)
    return found->number();
  else
    return static_cast<T>(found->integer());
}

class TargetReader {
 public:
  TargetReader(SchemaCheck& check, ExperimentSpec& spec) : check_(check), spec_(spec), metrics_(check.components()) {}

  void read() {
    read_list("objectives", Target::Role::objective, spec_.objectives);
    read_list("constraints", Target::Role::constraint, spec_.constraints);
    for (const MetricInfo& metric : metrics_.all()) {
      if (!metric.reproducible) continue;
      Target target;
      target.role = Target::Role::recorded;
      target.name = target.metric = metric.name;
      target.goal = metric.better == "higher" ? Goal::maximize : Goal::minimize;
      spec_.recorded.push_back(std::move(target));
    }
    check_table();
  }

 private:
  void read_list(const std::string& section, Target::Role role, std::vector<Target>& out) {
    const Value* list = spec_.tree.find(section);
    if (list == nullptr || !list->is_list()) return;
    for (size_t i = 0; i < list->size(); ++i) {
      const Value& item = list->items()[i];
      const Value* metric = item.find("metric");
      if (metric == nullptr || !metric->is_string()) continue;  // said already
      path_ = section + "[" + std::to_string(i) + "]";
      Target target;
      target.role = role;
      target.metric = metric->string();
      target.name = optional_at<std::string>(item, "name").value_or(target.metric);
      target.at = optional_at<std::string>(item, "at").value_or("last");
      target.meter = optional_at<std::string>(item, "meter").value_or("");
      target.min = optional_at<double>(item, "min");
      target.max = optional_at<double>(item, "max");
      target.reference = optional_at<double>(item, "reference");
      const MetricInfo* info = check_metric(target.metric, role);
      if (role == Target::Role::objective)
        read_goal(item, info, target);
      else
        check_bounds(target);
      check_meter(target);
      if (std::any_of(out.begin(), out.end(), [&](const Target& t) { return t.name == target.name; })) {
        check_.error(check_.place_of(path_ + ".name"), "two " + section + " are called '" + target.name + "'",
                     "give one of them another 'name'");
      }
      out.push_back(std::move(target));
    }
  }

  const MetricInfo* check_metric(const std::string& metric, Target::Role role) {
    const Place place = check_.place_of(path_ + ".metric");
    const std::string as = role == Target::Role::objective ? "an objective" : "a constraint";
    if (metric.starts_with("test.")) {
      check_.error(place, "'" + metric + "' cannot be " + as + ": a search never touches the test set",
                   "use validation." + metric.substr(5));
      return nullptr;
    }
    if (metric.starts_with("study.")) {
      check_.error(place, "'" + metric + "' cannot be " + as + ": it belongs to the whole study, not to a trial");
      return nullptr;
    }
    const MetricInfo* info = metrics_.find(metric);
    if (info == nullptr && !check_.complete()) return nullptr;
    if (info == nullptr) {
      unknown_metric(metric, place);
      return nullptr;
    }
    if (!info->reproducible && spec_.execution.deterministic) {
      check_.error(place, "'" + metric + "' is measured, so it cannot be " + as + " of a deterministic study",
                   "set execution.deterministic: false, or use an analytic metric");
    }
    check_validation(metric, place);
    return info;
  }

  void unknown_metric(const std::string& metric, const Place& place) {
    if (metric == "inference.latency_ms") {
      return check_.error(place,
                          "'inference.latency_ms' comes with the hardware model; this build does not have it yet");
    }
    if (metric.ends_with("_pct") && metrics_.find(metric.substr(0, metric.size() - 4)) != nullptr) {
      return check_.error(place, "percentages ('_pct') come with 'expect'; this build does not have them yet",
                          "use the fraction '" + metric.substr(0, metric.size() - 4) + "'");
    }
    const auto names = metrics_.names();
    const auto nearest = did_you_mean(metric, names);
    check_.error(place, "no metric '" + metric + "'",
                 nearest ? "did you mean '" + *nearest + "'?" : scope_hint(metric, names));
  }

  static std::string scope_hint(const std::string& metric, const std::vector<std::string>& names) {
    const std::string scope = metric.substr(0, metric.find('.') + 1);
    std::vector<std::string> same;
    for (const std::string& name : names) {
      if (!scope.empty() && name.starts_with(scope)) same.push_back(name);
    }
    return suggestion("", same);
  }

  /// The metric of `report.table`: any metric, test ones too, and percentages of fractions.
  void check_table() {
    const Value* report = spec_.tree.find("report");
    const Value* table = report == nullptr ? nullptr : report->find("table");
    const Value* metric = table == nullptr ? nullptr : table->find("metric");
    if (metric == nullptr || !metric->is_string()) return;
    std::string name = metric->string();
    if (name.ends_with("_pct")) name.resize(name.size() - 4);
    if (metrics_.find(name) == nullptr) unknown_metric(name, check_.place_of("report.table.metric"));
  }

  void check_validation(const std::string& metric, const Place& place) {
    const Value* dataset = spec_.tree.find("dataset");
    const Value* fraction = dataset == nullptr ? nullptr : dataset->find("validation_fraction");
    if (!metric.starts_with("validation.") || fraction == nullptr || !fraction->is_number() || fraction->number() > 0)
      return;
    check_.error(place, "'" + metric + "' needs a validation split, but dataset.validation_fraction is 0",
                 "set it, for example to 0.2");
  }

  void read_goal(const Value& item, const MetricInfo* info, Target& target) {
    const auto goal = optional_at<std::string>(item, "goal");
    if (!goal && info != nullptr && info->better.empty()) {
      check_.error(check_.place_of(path_), "objective '" + target.name + "' needs a goal",
                   "write goal: minimize or goal: maximize");
    }
    const std::string usual = info != nullptr && info->better == "higher" ? "maximize" : "minimize";
    target.goal = goal.value_or(usual) == "maximize" ? Goal::maximize : Goal::minimize;
  }

  void check_bounds(const Target& target) {
    const Place place = check_.place_of(path_);
    if (!target.min && !target.max) check_.error(place, "this constraint has no bound", "add min: or max:");
    if (target.min && target.max && *target.min > *target.max)
      check_.error(place, "no value can hold: min is above max");
  }

  void check_meter(const Target& target) {
    if (target.meter.empty()) return;
    const Place place = check_.place_of(path_ + ".meter");
    const bool analytic = target.metric.starts_with("inference.") || target.metric.starts_with("model.");
    if (target.meter == "analytic") {
      if (!analytic)
        check_.error(place, "'" + target.metric + "' has no analytic model", "leave 'meter' out: it is measured");
      return;
    }
    if (analytic) {
      check_.error(place,
                   "measured 'inference' metrics come with the measured meters; this build does not have them yet",
                   "write meter: analytic");
      return;
    }
    if (target.meter == "measured") return;
    std::vector<std::string> used;
    if (const Value* meters = spec_.tree.find("meters");
        meters != nullptr && meters->find("use") != nullptr && meters->at("use").is_list()) {
      for (const Value& meter : meters->at("use").items()) {
        if (meter.find("type") != nullptr) used.push_back(meter.at("type").string());
      }
    }
    if (std::find(used.begin(), used.end(), target.meter) != used.end()) return;
    const auto later = later_component(Kind::meter, target.meter);
    check_.error(place, later ? *later : "meter '" + target.meter + "' is not recorded by this study",
                 later ? "" : "add it to meters.use");
  }

  SchemaCheck& check_;
  ExperimentSpec& spec_;
  MetricNames metrics_;
  std::string path_;
};

bool is_device(const std::string& text) {
  if (text == "auto" || text == "cpu" || text == "cuda") return true;
  return text.starts_with("cuda:") && text.size() > 5 && text.size() < 9 &&
         std::all_of(text.begin() + 5, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void read_targets(SchemaCheck& check, ExperimentSpec& spec) { TargetReader(check, spec).read(); }

void read_limits(ExperimentSpec& spec) {
  const Value& section = spec.tree.at("limits");
  const Value& trial = section.at("trial");
  Limits& out = spec.limits;
  out.trials = optional_at<int64_t>(section, "trials");
  out.configurations = optional_at<int64_t>(section, "configurations");
  out.full_trainings = optional_at<double>(section, "full_trainings");
  out.epochs = optional_at<double>(section, "epochs");
  out.wall_seconds = optional_at<double>(section, "wall");
  out.energy_kwh = optional_at<double>(section, "energy_kwh");
  out.emissions_kg = optional_at<double>(section, "emissions_kg");
  out.trial_wall_seconds = optional_at<double>(trial, "wall");
  out.trial_stall_seconds = trial.at("stall").number();
  out.trial_memory_bytes = optional_at<int64_t>(trial, "memory");
  out.trial_retries = static_cast<int>(trial.at("retries").integer());
}

void read_execution(SchemaCheck& check, ExperimentSpec& spec) {
  const Value& section = spec.tree.at("execution");
  Execution& out = spec.execution;
  out.workers = static_cast<int>(optional_at<int64_t>(section, "workers").value_or(0));
  out.device = section.at("device").string();
  out.threads = static_cast<int>(optional_at<int64_t>(section, "threads").value_or(0));
  out.deterministic = section.at("deterministic").boolean();
  out.lookback = static_cast<int>(section.at("lookback").integer());
  out.inline_isolation = section.at("isolation").string() == "inline";
  out.recycle_trials = static_cast<int>(section.at("recycle").at("trials").integer());
  out.recycle_rss_growth_bytes = section.at("recycle").at("memory_growth").integer();
  out.keep_checkpoints = section.at("checkpoints").at("keep").string();
  if (!is_device(out.device)) {
    check.error(check.place_of("execution.device"), "'device' must be auto, cpu, cuda or cuda:N, got " + out.device);
  }
  if (out.deterministic && out.workers > out.lookback) {
    Diagnostic note =
        diagnostic_at(check.place_of("execution.workers"),
                      std::to_string(out.workers - out.lookback) + " of " + std::to_string(out.workers) +
                          " workers will stay idle: a deterministic study runs at most execution.lookback = " +
                          std::to_string(out.lookback) + " trials at once");
    note.severity = Severity::note;
    spec.notes.push_back(std::move(note));
  }
}

void read_grid(SchemaCheck& check, ExperimentSpec& spec) {
  const Value& section = spec.tree.at("meters");
  spec.grid.country = section.at("country").string();
  spec.grid.year = optional_at<int>(section, "year");
  spec.grid.intensity_g_per_kwh = optional_at<double>(section, "intensity_g_per_kwh");
  spec.grid.pue = section.at("pue").number();
  spec.grid.country_given = check.places().find("meters.country")->second.source != nullptr;
  const std::string& country = spec.grid.country;
  if (country.size() != 3 ||
      !std::all_of(country.begin(), country.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    check.error(check.place_of("meters.country"),
                "'country' must be an ISO 3166 code of three capitals, got " + country.substr(0, 40),
                "as DEU, USA, WLD for the world");
  }
}

void read_report(SchemaCheck& check, const ExperimentSpec& spec) {
  const Value* table = spec.tree.at("report").find("table");
  if (table == nullptr || !table->is_map()) return;
  std::vector<std::string> axes;
  for (const auto& [axis, label] : spec.cell_labels) axes.push_back(axis);
  for (const char* key : {"rows", "columns"}) {
    const Value* axis = table->find(key);
    if (axis == nullptr || !axis->is_string() || std::find(axes.begin(), axes.end(), axis->string()) != axes.end())
      continue;
    check.error(check.place_of(std::string("report.table.") + key), "the matrix has no axis '" + axis->string() + "'",
                suggestion(axis->string(), axes));
  }
}

}  // namespace dsnn::config
