// What a search has cost: time, energy, emissions.
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "energy/accounting.h"
#include "report/context.h"

namespace dsnn::report {

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
    double joules = 0, sigma = 0;
    std::set<std::string> missing;
  };
  std::map<std::vector<std::string>, Sum> sums;
  for (const auto& trial : c.trials) {
    for (const EnergyReading& r : c.store.readings(trial.request.number)) {
      Sum& sum = sums[{r.meter, r.source, r.scope, r.attribution, r.step}];
      if (r.joules) sum.joules += *r.joules;
      sum.sigma += r.sigma_joules;  // one source errs in one direction: it does not average out
      if (!r.why_missing.empty()) sum.missing.insert(r.why_missing);
    }
  }
  Value out = Value::list();
  for (const auto& [key, sum] : sums) {
    Value item = Value::map();
    static constexpr const char* kNames[] = {"meter", "source", "scope", "attribution", "step"};
    for (size_t i = 0; i < 5; ++i) item.set(kNames[i], key[i]);
    item.set("kwh", sum.joules / energy::kJoulesPerKwh);
    item.set("sigma_kwh", sum.sigma / energy::kJoulesPerKwh);
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

}  // namespace dsnn::report
