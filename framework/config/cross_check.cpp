#include "config/cross_check.h"

#include <algorithm>

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
      if (role == Target::Role::objective)
        read_goal(item, metrics_.find(target.metric), target);
      else
        check_bounds(target);
      out.push_back(std::move(target));
    }
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

  SchemaCheck& check_;
  ExperimentSpec& spec_;
  MetricNames metrics_;
  std::string path_;
};

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
  if (out.deterministic && out.workers > out.lookback) {
    check.note(Severity::note, check.place_of("execution.workers"),
               std::to_string(out.workers - out.lookback) + " of " + std::to_string(out.workers) +
                   " workers will stay idle: a deterministic study runs at most execution.lookback = " +
                   std::to_string(out.lookback) + " trials at once");
  }
}

void read_grid(SchemaCheck& check, ExperimentSpec& spec) {
  const Value& section = spec.tree.at("meters");
  spec.grid.country = section.at("country").string();
  spec.grid.year = optional_at<int>(section, "year");
  spec.grid.intensity_g_per_kwh = optional_at<double>(section, "intensity_g_per_kwh");
  spec.grid.pue = section.at("pue").number();
  spec.grid.country_given = check.places().find("meters.country")->second.source != nullptr;
}

}  // namespace dsnn::config
