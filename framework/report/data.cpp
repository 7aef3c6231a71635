#include "report/data.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "dsnn/search_space.h"
#include "dsnn/version.h"
#include "pareto/front.h"
#include "report/context.h"
#include "report/layers.h"
#include "store/trial_table.h"
#include "study/study.h"

namespace dsnn::report {
namespace {

constexpr size_t kLogTailBytes = 1500;

Value targets_value(const std::vector<Target>& targets) {
  Value out = Value::list();
  for (const Target& target : targets) {
    Value item = Value::map();
    item.set("name", target.name.empty() ? target.metric : target.name);
    item.set("metric", target.metric);
    item.set("goal", target.goal == Goal::maximize ? "maximize" : "minimize");
    const size_t unit = target.metric.find_last_of('_');
    const std::string suffix = unit == std::string::npos ? "" : target.metric.substr(unit + 1);
    item.set("unit", suffix == "mj" ? "mJ" : suffix == "kwh" ? "kWh" : suffix);
    out.push_back(std::move(item));
  }
  return out;
}

Value parameters_value(const SearchSpace& space) {
  Value out = Value::list();
  for (const Parameter& parameter : space.parameters()) {
    Value item = Value::map();
    item.set("id", parameter.id);
    item.set("log", parameter.domain.log);
    if (parameter.domain.type == Domain::Type::choice)
      item.set("choices", Value(parameter.domain.choices));
    else
      item.set("ends", Value(Value::List{Value(parameter.domain.lo), Value(parameter.domain.hi)}));
    out.push_back(std::move(item));
  }
  return out;
}

Value configuration_value(const Configuration& configuration) {
  Value out = Value::map();
  for (const auto& [id, value] : configuration.values) out.set(id, value);
  return out;
}

/// Parameters that are not at their default, by the last word of their id.
Value differs_value(const Configuration& mine, const Configuration& base) {
  Value out = Value::map();
  for (const auto& [id, value] : mine.values) {
    const Value* other = base.find(id);
    if (other != nullptr && *other == value) continue;
    const std::string word = id.substr(id.find_last_of('.') + 1);
    char text[32];
    if (value.is_float()) std::snprintf(text, sizeof text, "%.4g", value.number());
    out.set(out.find(word) == nullptr ? word : id, value.is_float() ? std::string(text) : to_text(value));
  }
  return out;
}

Value curves_value(const std::vector<store::EpochMetric>& epochs) {
  std::map<std::string, Value> curves;
  for (const store::EpochMetric& e : epochs) {
    Value point = Value::list();
    point.push_back(e.step);
    point.push_back(numeric(e.value));
    curves[e.name].push_back(std::move(point));
  }
  Value out = Value::map();
  for (auto& [name, points] : curves) out.set(name, std::move(points));
  return out;
}

std::string log_tail(const std::filesystem::path& folder, int64_t number) {
  std::ifstream file(folder / "trials" / std::to_string(number) / "log.txt", std::ios::binary | std::ios::ate);
  if (!file) return "";
  const auto size = static_cast<size_t>(file.tellg());
  const size_t length = std::min(size, kLogTailBytes);
  std::string text(length, '\0');
  file.seekg(static_cast<std::streamoff>(size - length));
  file.read(text.data(), static_cast<std::streamsize>(length));
  if (length < size) text.erase(0, std::min(text.find('\n') + 1, text.size()));
  return text;
}

Value trial_value(const Context& c, const store::TrialRecord& trial) {
  const TrialRequest& request = trial.request;
  Value out = Value::map();
  out.set("number", request.number);
  out.set("parent", request.parent ? Value(*request.parent) : Value());
  out.set("continues", request.start_from.has_value());
  out.set("root", request.root);
  out.set("origin", to_string(request.origin));
  out.set("state", to_string(trial.state));
  if (trial.fail != FailKind::none) out.set("fail", to_string(trial.fail));
  if (!trial.message.empty()) out.set("message", trial.message);
  out.set("bracket", request.budget.bracket);
  out.set("rung", request.budget.rung);
  Value budget = Value::list();
  for (double b : request.budget.value)
    budget.push_back(b == std::floor(b) ? Value(static_cast<int64_t>(b)) : Value(b));
  out.set("budget", std::move(budget));
  out.set("full", c.rule.admits(trial.request));
  out.set("seconds", numeric(trial.seconds));
  out.set("attempts", trial.attempts);
  out.set("configuration", configuration_value(request.configuration));
  out.set("differs", differs_value(request.configuration, c.default_configuration));
  Value objectives = Value::list();
  for (const Measured& m : trial.objectives) objectives.push_back(numeric(m.value));
  out.set("objectives", std::move(objectives));
  Value metrics = Value::map();
  for (const Metric& m : trial.metrics) metrics.set(m.name, numeric(m.value));
  out.set("metrics", std::move(metrics));
  out.set("curves", curves_value(c.store.epoch_metrics(request.number)));
  if (store::is_failure(trial.state)) out.set("log_tail", log_tail(c.folder, request.number));
  const bool on_front = std::find(c.front.begin(), c.front.end(), request.number) != c.front.end();
  if (on_front || request.origin == Origin::default_) {
    out.set("layers", read_layers(c.folder / "trials" / std::to_string(request.number) / "layers.csv"));
  }
  return out;
}

pareto::Point minimised(const store::TrialRecord& trial, const std::vector<Target>& objectives) {
  pareto::Point point;
  for (size_t i = 0; i < objectives.size(); ++i) {
    point.push_back(objectives[i].goal == Goal::maximize ? -trial.objectives[i].value : trial.objectives[i].value);
  }
  return point;
}

Value hypervolume_value(const Context& c, const pareto::Point& reference) {
  Value out = Value::list();
  if (c.rule.objectives.size() < 2) return out;
  std::vector<pareto::Point> points;
  double trainings = 0, kwh = 0;
  int64_t count = 0;
  for (const auto& trial : c.trials) {
    ++count;
    const double before = trial.request.start_from ? c.trials[static_cast<size_t>(*trial.request.parent)].resource : 0;
    trainings += std::max(0.0, trial.resource - before);
    kwh += metric(trial, "step.energy_kwh", 0);
    if (study::front({trial}, c.rule).empty()) continue;
    points.push_back(minimised(trial, c.rule.objectives));
    Value item = Value::map();
    item.set("trials", count);
    item.set("trainings", trainings);
    item.set("kwh", kwh);
    item.set("value", pareto::hypervolume(points, reference));
    out.push_back(std::move(item));
  }
  return out;
}

/// Failed trials by cause and message, with the parameter values all of a group share and no good trial all shares.
Value failures_value(const Context& c) {
  std::map<std::pair<std::string, std::string>, std::vector<const store::TrialRecord*>> groups;
  for (const auto& trial : c.trials) {
    if (!store::is_failure(trial.state)) continue;
    const std::string cause = trial.fail == FailKind::none ? to_string(trial.state) : to_string(trial.fail);
    groups[{cause, trial.message.substr(0, trial.message.find('\n'))}].push_back(&trial);
  }
  Value out = Value::list();
  for (const auto& [key, members] : groups) {
    Value item = Value::map();
    item.set("cause", key.first);
    item.set("message", key.second);
    Value numbers = Value::list();
    for (const auto* trial : members) numbers.push_back(trial->request.number);
    item.set("trials", std::move(numbers));
    std::string common;
    for (const auto& [id, value] : members.front()->request.configuration.values) {
      const bool shared =
          members.size() > 1 && std::all_of(members.begin(), members.end(), [&id = id, &value = value](const auto* t) {
            const Value* other = t->request.configuration.find(id);
            return other != nullptr && *other == value;
          });
      const bool everywhere = std::all_of(c.trials.begin(), c.trials.end(), [&id = id, &value = value](const auto& t) {
        const Value* other = t.request.configuration.find(id);
        return other != nullptr && *other == value;
      });
      if (shared && !everywhere) common += (common.empty() ? "" : ", ") + id + " = " + to_text(value);
    }
    item.set("common", common);
    out.push_back(std::move(item));
  }
  return out;
}

Context read(const std::filesystem::path& folder, const store::Store& store) {
  Context c{.folder = folder,
            .store = store,
            .study = store.study().value(),
            .trials = store.trials(),
            .rule = {},
            .space = {},
            .default_configuration = {},
            .front = {}};
  c.rule = study::front_rule(c.study, c.trials);
  c.space = SearchSpace::from_json(c.study.space);
  c.default_configuration = c.space.default_configuration();
  c.front = study::front(c.trials, c.rule);
  return c;
}

/// The page of all runs of the experiment, seen from a cell or seed of it; null for a run that is alone.
Value index_link(const std::string& study) {
  std::string up;
  for (char ch : study) up += ch == '/' ? "../" : "";
  return up.empty() ? Value() : Value(up + "index.html");
}

}  // namespace

Value numeric(double v) { return std::isfinite(v) ? Value(v) : Value(); }

double metric(const store::TrialRecord& trial, std::string_view name, double fallback) {
  const Metric* found = find_metric(trial.metrics, name);
  return found != nullptr ? found->value : fallback;
}

Value report_data(const std::filesystem::path& run_folder, const store::Store& store) {
  const Context c = read(run_folder, store);
  Value out = Value::map();
  out.set("version", kReportVersion);
  out.set("folder", c.folder.string());
  Value study = Value::map();
  study.set("name", c.study.name);
  study.set("seed", std::to_string(c.study.seed));
  study.set("state", c.study.state);
  study.set("ended", c.study.state == "finished" && c.space.size() > 0 ? Value(study::ending_text(c.study.stopped_by))
                                                                       : Value());
  study.set("front", c.rule.of());
  out.set("study", std::move(study));
  out.set("index", index_link(c.study.name));
  out.set("objectives", targets_value(c.rule.objectives));
  out.set("constraints", targets_value(c.rule.constraints));
  out.set("parameters", parameters_value(c.space));
  out.set("default_configuration", configuration_value(c.default_configuration));
  Value trials = Value::list(), front = Value::list();
  Value default_trial;
  for (const auto& trial : c.trials) {
    trials.push_back(trial_value(c, trial));
    if (trial.request.origin == Origin::default_) default_trial = trial.request.number;
  }
  for (int64_t number : c.front) front.push_back(number);
  out.set("trials", std::move(trials));
  out.set("front", std::move(front));
  out.set("default_trial", default_trial);
  const auto knee = study::knee(c.trials, c.rule);
  out.set("knee", knee ? Value(*knee) : Value());
  const pareto::Point reference = study::reference_point(c.trials, c.rule.objectives);
  Value reference_value = Value::list();
  for (size_t i = 0; i < reference.size(); ++i) {
    reference_value.push_back(numeric(c.rule.objectives[i].goal == Goal::maximize ? -reference[i] : reference[i]));
  }
  out.set("reference", std::move(reference_value));
  out.set("hypervolume", hypervolume_value(c, reference));
  out.set("failures", failures_value(c));
  out.set("time", time_value(c));
  const Value energy = energy_value(c);
  out.set("totals", totals_value(c, energy));
  out.set("notes", notes_value(c, energy));
  out.set("energy", energy);
  out.set("reproduce", reproduce_value(c));
  out.set("spec_yaml", c.study.spec_yaml);
  out.set("cite", cite_value(c));
  return out;
}

}  // namespace dsnn::report
