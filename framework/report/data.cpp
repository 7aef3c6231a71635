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
#include "report/layers.h"
#include "store/trial_table.h"
#include "study/study.h"

namespace dsnn::report {
namespace {

constexpr size_t kLogTailBytes = 1500;
constexpr double kJoulesPerKwh = 3.6e6;

struct Context {
  std::filesystem::path folder;
  const store::Store& store;
  store::StudyRecord study;
  std::vector<store::TrialRecord> trials;
  std::vector<Target> objectives, constraints;
  SearchSpace space;
  Configuration default_configuration;
  std::vector<int64_t> front;
};

Value numeric(double v) { return std::isfinite(v) ? Value(v) : Value(); }

double metric(const store::TrialRecord& trial, std::string_view name, double fallback = 0) {
  for (const Metric& m : trial.metrics) {
    if (m.name == name) return m.value;
  }
  return fallback;
}

bool is_full(const store::TrialRecord& trial, const std::vector<store::TrialRecord>& all) {
  std::vector<double> top = trial.request.budget.value;
  for (const auto& other : all) {
    for (size_t i = 0; i < top.size(); ++i) top[i] = std::max(top[i], other.request.budget.value[i]);
  }
  return trial.request.budget.value == top;
}

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
    if (parameter.domain.type == Domain::Type::choice) item.set("choices", Value(parameter.domain.choices));
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
  out.set("full", is_full(trial, c.trials));
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
  const bool worth_a_log = trial.state == TrialState::failed || trial.state == TrialState::diverged;
  if (worth_a_log) out.set("log_tail", log_tail(c.folder, request.number));
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

bool usable(const store::TrialRecord& trial, const std::vector<Target>& objectives) {
  return trial.state == TrialState::complete && trial.objectives.size() == objectives.size() &&
         std::all_of(trial.objectives.begin(), trial.objectives.end(),
                     [](const Measured& m) { return std::isfinite(m.value); });
}

Value hypervolume_value(const Context& c, const pareto::Point& reference) {
  Value out = Value::list();
  if (c.objectives.size() < 2) return out;
  std::vector<pareto::Point> points;
  double trainings = 0, kwh = 0;
  int64_t count = 0;
  for (const auto& trial : c.trials) {
    ++count;
    const double before = trial.request.parent ? c.trials[static_cast<size_t>(*trial.request.parent)].resource : 0;
    trainings += std::max(0.0, trial.resource - before);
    kwh += metric(trial, "step.energy_kwh", 0);
    const auto holds = study::front({trial}, c.objectives, c.constraints);
    if (holds.empty() || !usable(trial, c.objectives) || !is_full(trial, c.trials)) continue;
    points.push_back(minimised(trial, c.objectives));
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
    if (trial.state != TrialState::failed && trial.state != TrialState::diverged) continue;
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

Value time_value(const Context& c) {
  static constexpr std::pair<const char*, const char*> kParts[] = {
      {"step.start_seconds", "start-up and building the network"},
      {"step.data_seconds", "data"},
      {"step.forward_seconds", "forward"},
      {"step.backward_seconds", "backward"},
      {"step.optimizer_seconds", "optimiser"},
      {"step.validation_seconds", "evaluation"},
      {"step.checkpoint_seconds", "checkpoints"}};
  Value out = Value::list();
  double known = 0, total = 0;
  for (const auto& [name, label] : kParts) {
    double seconds = 0;
    for (const auto& trial : c.trials) seconds += metric(trial, name);
    known += seconds;
    if (seconds <= 0) continue;
    Value item = Value::map();
    item.set("part", label);
    item.set("seconds", seconds);
    out.push_back(std::move(item));
  }
  for (const auto& trial : c.trials) total += std::isfinite(trial.seconds) ? trial.seconds : 0;
  if (out.size() > 0 && total > known) {
    Value item = Value::map();
    item.set("part", "other");
    item.set("seconds", total - known);
    out.push_back(std::move(item));
  }
  return out;
}

Value energy_value(const Context& c) {
  struct Sum {
    double joules = 0, variance = 0;
    std::set<std::string> missing;
  };
  std::map<std::vector<std::string>, Sum> sums;
  for (const auto& trial : c.trials) {
    for (const EnergyReading& r : c.store.readings(trial.request.number)) {
      Sum& sum = sums[{r.meter, r.source, r.scope, r.attribution, r.step}];
      if (r.joules) sum.joules += *r.joules;
      sum.variance += r.sigma_joules * r.sigma_joules;
      if (!r.why_missing.empty()) sum.missing.insert(r.why_missing);
    }
  }
  Value out = Value::list();
  for (const auto& [key, sum] : sums) {
    Value item = Value::map();
    static constexpr const char* kNames[] = {"meter", "source", "scope", "attribution", "step"};
    for (size_t i = 0; i < 5; ++i) item.set(kNames[i], key[i]);
    item.set("kwh", sum.joules / kJoulesPerKwh);
    item.set("sigma_kwh", std::sqrt(sum.variance) / kJoulesPerKwh);
    std::string missing;
    for (const std::string& why : sum.missing) missing += (missing.empty() ? "" : "; ") + why;
    item.set("missing", missing);
    out.push_back(std::move(item));
  }
  return out;
}

Value totals_value(const Context& c, const Value& energy) {
  Value out = Value::map();
  double seconds = 0, kwh = 0, ratio = NAN;
  for (const auto& trial : c.trials) {
    seconds += std::isfinite(trial.seconds) ? trial.seconds : 0;
    kwh += metric(trial, "step.energy_kwh");
    const double lineage = metric(trial, "training.energy_kwh");
    if (lineage > 0) ratio = metric(trial, "training.emissions_kg") / lineage;
  }
  std::set<std::string> sources;
  for (const Value& item : energy.items()) sources.insert(item.at("source").string());
  std::string label = "energy of the search";
  for (const std::string& source : sources) label += (source == *sources.begin() ? ": " : ", ") + source;
  out.set("seconds", seconds);
  out.set("kwh", kwh);
  out.set("kg", numeric(kwh * ratio));
  out.set("intensity", numeric(ratio * 1000));
  out.set("label", label);
  std::string country = "world average";
  try {
    const Value spec = parse_json(c.study.spec_json);
    const Value* grid = spec.find("grid");
    if (grid != nullptr && grid->find("country") != nullptr) country = grid->at("country").string();
  } catch (const std::invalid_argument&) {
    country = "unknown country";
  }
  out.set("country", country);
  return out;
}

Value notes_value(const Context& c, const Value& energy) {
  Value out = Value::list();
  std::set<std::string> seen;
  const auto note = [&](const std::string& text) {
    if (seen.insert(text).second && seen.size() <= 20) out.push_back(text);
  };
  for (const Value& item : energy.items()) {
    if (item.at("source").string() == "tdp_model") {
      note(
          "The energy of this search is time-proportional here: no energy counter was readable, so it is a power model "
          "times time.");
    }
  }
  for (const auto& event : c.store.events()) {
    if (event.kind != "warning") continue;
    const Value* text = event.json.find("message");
    if (text != nullptr && text->is_string()) note(text->string());
  }
  return out;
}

Value reproduce_value(const Context& c) {
  Value facts = Value::list();
  const auto fact = [&](const std::string& what, const std::string& value) {
    Value row = Value::list();
    row.push_back(what);
    row.push_back(value);
    facts.push_back(std::move(row));
  };
  fact("study digest", c.study.spec_sha256);
  fact("trial table sha256", store::trial_table_sha256(c.store));
  fact("algorithm", c.study.algorithm);
  fact("program", std::string("dsnn-run ") + kVersion);
  std::ifstream file(c.folder / "environment.json");
  if (file) {
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    try {
      const Value environment = parse_json(text);
      for (const auto& [key, value] : environment.members()) {
        if (key != "plugins" && key != "program" && key != "version") fact(key, to_text(value));
      }
    } catch (const std::invalid_argument&) {
      fact("environment.json", "unreadable");
    }
  }
  for (const auto& plugin : c.store.plugins())
    fact("plugin " + plugin.name, plugin.version + ", sha256 " + plugin.sha256);
  Value out = Value::map();
  out.set("command", "dsnn-run run experiment.yaml     # the file below, as " + c.study.name + ".yaml");
  out.set("facts", std::move(facts));
  return out;
}

Value cite_value(const Context& c) {
  Value out = Value::map();
  std::string goals;
  for (const Target& target : c.objectives) {
    goals += (goals.empty() ? "" : " and ") + std::string(target.goal == Goal::maximize ? "maximize " : "minimize ") +
             target.metric;
  }
  std::string methods = "The study evaluated " + std::to_string(c.trials.size()) + " trials";
  if (!goals.empty()) methods += " to " + goals + " over " + std::to_string(c.space.size()) + " parameters";
  methods += " with " + (c.study.algorithm.empty() ? std::string("dsnn-run") : c.study.algorithm) + ", study seed " +
             std::to_string(c.study.seed) + ", dsnn-run " + kVersion + ".";
  out.set("methods", methods);
  std::ifstream file(c.folder / "CITATION.bib");
  out.set("bibtex", std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()));
  return out;
}

std::optional<int64_t> knee_of(const Context& c) {
  std::vector<pareto::Point> points;
  std::vector<size_t> all;
  for (int64_t number : c.front) {
    points.push_back(minimised(c.trials[static_cast<size_t>(number)], c.objectives));
    all.push_back(all.size());
  }
  const auto knee = pareto::knee(points, all);
  if (!knee) return std::nullopt;
  return c.front[*knee];
}

Context read(const std::filesystem::path& folder, const store::Store& store) {
  Context c{.folder = folder,
            .store = store,
            .study = store.study().value(),
            .trials = store.trials(),
            .objectives = {},
            .constraints = {},
            .space = {},
            .default_configuration = {},
            .front = {}};
  for (const Target& target : c.study.targets) {
    if (target.role == Target::Role::objective) c.objectives.push_back(target);
    if (target.role == Target::Role::constraint) c.constraints.push_back(target);
  }
  c.space = SearchSpace::from_json(c.study.space);
  c.default_configuration = c.space.default_configuration();
  if (!c.objectives.empty()) c.front = study::front(c.trials, c.objectives, c.constraints);
  return c;
}

/// The page of all runs of the experiment, seen from a cell or seed of it; null for a run that is alone.
Value index_link(const std::string& study) {
  std::string up;
  for (char ch : study) up += ch == '/' ? "../" : "";
  return up.empty() ? Value() : Value(up + "index.html");
}

}  // namespace

Value report_data(const std::filesystem::path& run_folder, const store::Store& store) {
  const Context c = read(run_folder, store);
  Value out = Value::map();
  out.set("version", kReportVersion);
  out.set("folder", c.folder.string());
  Value study = Value::map();
  study.set("name", c.study.name);
  study.set("seed", std::to_string(c.study.seed));
  study.set("state", c.study.state);
  study.set("stopped_by", c.study.stopped_by);
  out.set("study", std::move(study));
  out.set("index", index_link(c.study.name));
  out.set("objectives", targets_value(c.objectives));
  out.set("constraints", targets_value(c.constraints));
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
  const auto knee = knee_of(c);
  out.set("knee", knee ? Value(*knee) : Value());
  const pareto::Point reference = study::reference_point(c.trials, c.objectives);
  Value reference_value = Value::list();
  for (size_t i = 0; i < reference.size(); ++i) {
    reference_value.push_back(numeric(c.objectives[i].goal == Goal::maximize ? -reference[i] : reference[i]));
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
