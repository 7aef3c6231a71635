#include "plan_text.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "config/yaml_writer.h"
#include "dsnn/fidelity_scheduler.h"
#include "execution/cpu_budget.h"
#include "plugin/loader.h"
#include "study/limit_tracker.h"
#include "study/study.h"
#include "table.h"

namespace dsnn::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;
constexpr int64_t kMaxSimulated = 20'000;

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Counts configurations; which ones they are does not matter to a plan. Says no as StudyProposer does, in its order.
class CountingProposer : public Proposer {
 public:
  CountingProposer(const config::ExperimentSpec& spec, const study::LimitTracker& limits)
      : configuration_(spec.space.default_configuration()), space_(spec.space.count()), limits_(limits) {}

  std::optional<Configuration> propose(const Ask&) override {
    refused = limits_.configurations_reached();
    if (refused || (space_ && static_cast<double>(limits_.configurations()) >= *space_)) return std::nullopt;
    return configuration_;
  }
  int64_t next_number() const override { return limits_.trials(); }

  bool refused = false;  ///< limits.configurations forbade the last one asked for

 private:
  Configuration configuration_;
  std::optional<double> space_;
  const study::LimitTracker& limits_;
};

struct Simulated {
  std::map<std::pair<int, int>, std::pair<std::vector<double>, int64_t>> rungs;  ///< {bracket, rung} -> budget, trials
  int64_t trials = 0, configurations = 0;
  double full_trainings = 0;
  std::string ended_by;
};

class Simulation {
 public:
  Simulation(const config::ExperimentSpec& spec, FidelityScheduler& scheduler)
      : spec_(spec),
        scheduler_(scheduler),
        workers_(execution::place(spec, execution::cpu_budget()).workers),
        limits_(spec, 0),
        proposer_(spec, limits_) {}

  /// As the loop does it in deterministic mode: before request n, n - lookback results are in; one more each time
  /// nothing can start. Otherwise as many run at once as there are workers.
  Simulated run() {
    const int64_t at_once = spec_.execution.deterministic ? spec_.execution.lookback : workers_;
    if (study::wants_default(spec_)) count(study::default_request(spec_));
    while (!limit_reached() && limits_.trials() < kMaxSimulated) {
      while (observed_ < limits_.trials() - at_once) observe_next();
      auto request = scheduler_.next(proposer_);
      if (proposer_.refused) {
        out_.ended_by = "limits.configurations";
        break;
      }
      if (!request && observed_ == limits_.trials()) {
        out_.ended_by = "the scheduler has nothing left";
        break;
      }
      if (!request) {
        observe_next();
        continue;
      }
      auto& [value, trials] = out_.rungs[{request->budget.bracket, request->budget.rung}];
      value = request->budget.value;
      ++trials;
      count(std::move(*request));
    }
    out_.trials = limits_.trials();
    out_.configurations = limits_.configurations();
    out_.full_trainings = limits_.full_trainings();
    return out_;
  }

 private:
  /// The scheduler never sees the default configuration.
  void observe_next() {
    const Evaluation& next = trials_[static_cast<size_t>(observed_++)];
    if (next.request.origin != Origin::default_) scheduler_.observe(next);
  }

  void count(TrialRequest request) {
    limits_.add(request, request.parent ? &trials_[static_cast<size_t>(*request.parent)].request : nullptr);
    Evaluation evaluation;
    evaluation.request = std::move(request);
    for (size_t i = 0; i < spec_.objectives.size(); ++i)
      evaluation.objectives.push_back({.value = made_up(evaluation.request.root, i), .std_error = {}});
    trials_.push_back(std::move(evaluation));
  }

  bool limit_reached() {
    if (const std::string limit = limits_.reached(); !limit.empty()) out_.ended_by = "limits." + limit;
    return !out_.ended_by.empty();
  }

  /// Spread over (0, 1), the same at every rung of a lineage.
  static double made_up(int64_t root, size_t objective) {
    const double x = static_cast<double>(root + 1) * (objective == 0 ? 0.6180339887 : 0.7548776662);
    return x - static_cast<double>(static_cast<int64_t>(x));
  }

  const config::ExperimentSpec& spec_;
  FidelityScheduler& scheduler_;
  int64_t workers_;
  study::LimitTracker limits_;
  CountingProposer proposer_;
  std::vector<Evaluation> trials_;  ///< by number
  int64_t observed_ = 0;
  Simulated out_;
};

/// "2", "2, 3", "2 to 9", "sgd to ranger (12 values)".
std::string range_text(const Domain& domain, int64_t first, int64_t last) {
  std::string out = to_text(domain.value_of(first));
  if (last == first) return out;
  const bool choice = domain.type == Domain::Type::choice;
  const int64_t listed = choice ? 8 : 3;
  if (last - first >= listed) {
    return out + " to " + to_text(domain.value_of(last)) +
           (choice ? " (" + std::to_string(last - first + 1) + " values)" : "");
  }
  for (int64_t i = first + 1; i <= last; ++i) out += ", " + to_text(domain.value_of(i));
  return out;
}

/// "operator = deepshift", "depth = 1, 2", or "depth is not 0" when that says the same.
std::string condition(const Parameter& parent, const std::map<int64_t, int64_t>& ranges) {
  const int64_t count = parent.domain.count();
  int64_t next = 0, left_out = 0, gap = 0;
  const auto skip_to = [&](int64_t first) {
    if (first <= next) return;
    gap = next;
    left_out += first - next;
  };
  std::string taken;
  for (const auto& [first, last] : ranges) {
    skip_to(first);
    next = std::max(next, last + 1);
    taken += (taken.empty() ? "" : ", ") + range_text(parent.domain, first, last);
  }
  skip_to(count);
  const bool all_but_one = left_out == 1 && count > 2;
  return parent.id + (all_but_one ? " is not " + to_text(parent.domain.value_of(gap)) : " = " + taken);
}

std::string conditions(const Parameter& parameter, const SearchSpace& space) {
  std::map<int, std::map<int64_t, int64_t>> by_parent;
  for (const Condition& when : parameter.active_when) by_parent[when.parent][when.first] = when.last;
  std::string out;
  for (const auto& [parent, ranges] : by_parent)
    out += (out.empty() ? "when " : " or ") + condition(space.parameters()[static_cast<size_t>(parent)], ranges);
  return out;
}

std::string domain_text(const Domain& d) {
  std::string out;
  if (d.type == Domain::Type::choice) {
    for (const Value& choice : d.choices)
      out += (out.empty() ? "" : ", ") + (choice.is_float() ? number(choice.number()) : to_text(choice));
    return "{" + out + "}" + (d.ordered ? " ordered" : "");
  }
  return std::string(d.type == Domain::Type::integer ? "int" : "float") + " [" + number(d.lo) + ", " + number(d.hi) +
         "]" + (d.log ? " log" : "") + (d.step > 0 ? " step " + number(d.step) : "");
}

std::string parameters_text(const SearchSpace& space) {
  Rows rows;
  for (const Parameter& p : space.parameters()) {
    rows.push_back(
        {p.id, domain_text(p.domain),
         "default " + (p.default_value.is_float() ? number(p.default_value.number()) : to_text(p.default_value)),
         conditions(p, space)});
  }
  return "parameters\n" + table(rows);
}

std::string limits_text(const config::Limits& l) {
  std::string out;
  const auto add = [&](const char* name, const std::string& value) {
    out += (out.empty() ? "" : ", ") + value + " " + name;
  };
  if (l.trials) add("trials", std::to_string(*l.trials));
  if (l.configurations) add("configurations", std::to_string(*l.configurations));
  if (l.full_trainings) add("full trainings", number(*l.full_trainings));
  if (l.epochs) add("epochs", number(*l.epochs));
  if (l.wall_seconds) add("s", number(*l.wall_seconds));
  if (l.energy_kwh) add("kWh", number(*l.energy_kwh));
  if (l.emissions_kg) add("kg CO2e", number(*l.emissions_kg));
  return out.empty() ? "none" : out;
}

/// What ends a study that goes on behind the trials of the table.
std::string after_those(const config::Limits& l) {
  const bool counts = l.trials || l.configurations || l.full_trainings || l.epochs;
  return counts ? "the limits allow more\n" : "no limit counts trials\n";
}

std::string targets_text(const config::ExperimentSpec& spec) {
  Rows rows;
  for (const Target& t : spec.objectives) {
    rows.push_back({t.name, std::string(t.goal == Goal::minimize ? "minimize " : "maximize ") + t.metric,
                    t.at == "last" ? "" : "at " + t.at, t.reference ? "reference " + number(*t.reference) : ""});
  }
  for (const Target& t : spec.constraints) {
    rows.push_back(
        {t.name, "constraint " + t.metric,
         (t.min ? ">= " + number(*t.min) : "") + (t.min && t.max ? ", " : "") + (t.max ? "<= " + number(*t.max) : ""),
         ""});
  }
  return rows.empty() ? "" : "objectives\n" + table(rows);
}

std::string schedule_text(const config::ExperimentSpec& spec, const plugin::Catalog& catalog) {
  const plugin::Loader loader(catalog, plugin::Loader::Torch::refused);
  const ConfigView experiment(spec.tree, "", spec.origins);
  const auto scheduler = loader.make<FidelityScheduler>(experiment.section("fidelity"));
  scheduler->start(study::scheduler_setup(spec));
  std::map<std::pair<int, int>, int64_t> per_pass;
  for (const RungPlan& rung : scheduler->plan()) per_pass[{rung.bracket, rung.rung}] = rung.trials;
  const Simulated plan = Simulation(spec, *scheduler).run();
  Rows rows = {{"bracket", "rung", spec.fidelity ? spec.fidelity->names.front() : "", "trials", "per pass"}};
  for (const auto& [at, rung] : plan.rungs) {
    const auto pass = per_pass.find(at);
    rows.push_back({std::to_string(at.first), std::to_string(at.second),
                    rung.first.empty() ? "" : number(rung.first.front()), std::to_string(rung.second),
                    pass == per_pass.end() || pass->second == 0 ? "" : std::to_string(pass->second)});
  }
  const bool ends = !plan.ended_by.empty();
  std::string out = "rungs of " + spec.tree.at("fidelity").at("type").string() + "\n" + table(rows);
  out += "limits: " + limits_text(spec.limits) + "\n";
  if (!ends)
    return out + "the table counts the first " + std::to_string(plan.trials) + " trials; " + after_those(spec.limits);
  const bool with_default = study::wants_default(spec);
  out += "in all " + std::to_string(plan.trials) + " trials of " + std::to_string(plan.configurations) +
         " configurations" + (with_default ? " (trial 0 is the default configuration)" : "") + ", " +
         number(plan.full_trainings) + " full trainings; ends by " + plan.ended_by + "\n";
  const auto acquisition = loader.make<AcquisitionStrategy>(experiment.section("acquisition"));
  const std::string note = study::initial_design_note(spec, *acquisition);
  return out + (note.empty() ? "" : "note: " + note + "\n");
}

}  // namespace

std::string plan_text(const config::ExperimentSpec& spec, const plugin::Catalog& catalog) {
  std::string out = spec.folder().generic_string() + ": seed " + std::to_string(spec.seed) + ", digest " +
                    spec.digest().substr(0, 12) + "\n";
  out += "execution: " + execution::place(spec, execution::cpu_budget()).text() + "\n" + targets_text(spec);
  if (!spec.is_search()) return out + "nothing is searched: one training, full budget\n";
  const auto count = spec.space.count();
  const auto& all = spec.space.parameters();
  const bool continuous = std::any_of(all.begin(), all.end(), [](const auto& p) { return p.domain.count() == 0; });
  const std::string size = count        ? number(*count) + " configurations"
                           : continuous ? "continuous"
                                        : "finite, very large";
  out += parameters_text(spec.space) + "space: " + size + "\n";
  return out + schedule_text(spec, catalog);
}

}  // namespace dsnn::cli
