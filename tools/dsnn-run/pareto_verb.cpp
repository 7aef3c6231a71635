#include <algorithm>
#include <charconv>
#include <optional>

#include "dsnn/error.h"
#include "print.h"
#include "progress.h"
#include "run_reader.h"
#include "run_status.h"
#include "store/csv.h"
#include "study/study.h"
#include "table.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

namespace po = boost::program_options;

/// "error<=0.1": only front members that satisfy it are shown.
struct Preference {
  std::string name, relation;
  double value = 0;

  bool holds(double x) const {
    if (relation == "<=") return x <= value;
    if (relation == ">=") return x >= value;
    return relation == "<" ? x < value : x > value;
  }
};

std::string without_spaces(std::string text) {
  std::erase(text, ' ');
  return text;
}

Preference parse_preference(const std::string& given) {
  const std::string text = without_spaces(given);
  const size_t at = text.find_first_of("<>");
  Preference p;
  if (at != std::string::npos && at > 0) {
    p.name = text.substr(0, at);
    p.relation = text.substr(at, at + 1 < text.size() && text[at + 1] == '=' ? 2 : 1);
    const std::string number = text.substr(at + p.relation.size());
    const auto result = std::from_chars(number.data(), number.data() + number.size(), p.value);
    if (result.ec == std::errc() && result.ptr == number.data() + number.size()) return p;
  }
  throw ExitError(2, "--prefer got '" + given + "', expected NAME<=NUMBER or NAME>=NUMBER, such as \"error<=0.1\"");
}

/// The value of an objective, constraint or metric of a trial.
std::optional<double> value_of(const Run& run, const store::TrialRecord& t, const std::string& name) {
  for (size_t k = 0; k < run.rule.objectives.size() && k < t.objectives.size(); ++k) {
    if (run.rule.objectives[k].name == name || run.rule.objectives[k].metric == name) return t.objectives[k].value;
  }
  for (size_t k = 0; k < run.rule.constraints.size() && k < t.constraints.size(); ++k) {
    if (run.rule.constraints[k].name == name || run.rule.constraints[k].metric == name) return t.constraints[k].value;
  }
  const Metric* found = find_metric(t.metrics, name);
  return found != nullptr ? std::optional(found->value) : std::nullopt;
}

bool satisfies(const Run& run, const store::TrialRecord& t, const Preference& p) {
  if (const auto value = value_of(run, t, p.name)) return p.holds(*value);
  std::string known;
  for (const Target& o : run.rule.objectives) known += (known.empty() ? "" : ", ") + o.name;
  throw ExitError(2, "--prefer names '" + p.name + "', which no trial has; the objectives are: " + known);
}

std::vector<const store::TrialRecord*> members(const Run& run, const std::vector<Preference>& preferences) {
  std::vector<const store::TrialRecord*> out;
  for (const int64_t number : run.front) {
    const store::TrialRecord* t = run.find(number);
    const bool wanted =
        std::all_of(preferences.begin(), preferences.end(), [&](const Preference& p) { return satisfies(run, *t, p); });
    if (wanted) out.push_back(t);
  }
  return out;
}

std::string mark_of(const Run& run, const store::TrialRecord& t) {
  std::string out = run.knee == t.request.number ? "knee" : "";
  if (t.request.origin == Origin::default_) out += out.empty() ? "default" : ", default";
  return out;
}

/// The parameters that at least one of the trials uses.
std::vector<std::string> active_ids(const Run& run, const std::vector<const store::TrialRecord*>& trials) {
  std::vector<std::string> out;
  for (const Parameter& p : run.space.parameters()) {
    const bool used = std::any_of(trials.begin(), trials.end(),
                                  [&](const auto* t) { return t->request.configuration.find(p.id) != nullptr; });
    if (used) out.push_back(p.id);
  }
  return out;
}

std::string front_table(const Run& run, const std::vector<const store::TrialRecord*>& rows_of) {
  std::vector<std::string> head = {"trial", ""};
  for (const Target& t : run.rule.objectives) head.push_back(t.name);
  for (const Target& t : run.rule.constraints) head.push_back(t.name);
  const std::vector<std::string> ids = active_ids(run, rows_of);
  for (const std::string& id : short_ids(ids)) head.push_back(id);
  std::vector<std::vector<std::string>> rows = {head};
  for (const store::TrialRecord* t : rows_of) {
    std::vector<std::string> row = {std::to_string(t->request.number), mark_of(run, *t)};
    for (const Measured& m : t->objectives) row.push_back(short_number(m.value));
    for (const Measured& m : t->constraints) row.push_back(short_number(m.value));
    for (const std::string& id : ids) {
      const Value* v = t->request.configuration.find(id);
      row.push_back(v ? short_text(*v) : "-");
    }
    rows.push_back(std::move(row));
  }
  return table(rows, 0);
}

/// Of those that satisfy the preferences, the best in the first objective that no preference bounds.
std::string recommendation(const Run& run, const std::vector<const store::TrialRecord*>& shown,
                           const std::vector<Preference>& preferences) {
  for (size_t k = 0; k < run.rule.objectives.size(); ++k) {
    const Target& o = run.rule.objectives[k];
    const bool bounded = std::any_of(preferences.begin(), preferences.end(),
                                     [&](const Preference& p) { return p.name == o.name || p.name == o.metric; });
    if (bounded || shown.empty()) continue;
    const double sign = o.goal == Goal::maximize ? -1 : 1;
    const auto* best = *std::min_element(shown.begin(), shown.end(), [&](const auto* a, const auto* b) {
      return sign * a->objectives[k].value < sign * b->objectives[k].value;
    });
    return "best " + o.name + " among them: trial " + std::to_string(best->request.number) + "\n";
  }
  return "";
}

class ParetoVerb : public Verb {
 public:
  std::string name() const override { return "pareto"; }
  std::string summary() const override { return "the Pareto front of a run, its knee and hypervolume"; }
  std::string synopsis() const override { return "pareto RUN [--prefer \"error<=0.1\"]"; }
  std::string example() const override { return "dsnn-run pareto runs/fashion-mnist-pareto --prefer \"error<=0.1\""; }
  std::pair<int, int> positional() const override { return {1, 1}; }
  void add_options(po::options_description& options) const override {
    options.add_options()("prefer", po::value<std::vector<std::string>>()->value_name("EXPR"),
                          "only members for which NAME<=NUMBER or NAME>=NUMBER holds; may be given again");
  }

  int run(const po::variables_map& options, const std::vector<std::string>& arguments, const Global&) const override {
    std::vector<Preference> preferences;
    if (options.count("prefer") > 0) {
      for (const std::string& text : options["prefer"].as<std::vector<std::string>>())
        preferences.push_back(parse_preference(text));
    }
    const Run read = open_run(arguments.front());
    if (read.rule.objectives.empty()) {
      print("this run has no objectives, so no front; see: dsnn-run status " + arguments.front() + "\n");
      return 0;
    }
    if (read.front.empty()) {
      print("no trial" + read.rule.of() + " is complete and keeps the constraints, so the front is empty\n");
      return 0;
    }
    const auto shown = members(read, preferences);
    print(front_table(read, shown));
    if (!preferences.empty()) {
      print(std::to_string(shown.size()) + " of " + std::to_string(read.front.size()) +
            " members of the front satisfy the preference\n" + recommendation(read, shown, preferences));
    }
    print("hypervolume " + store::number_text(study::hypervolume(read.trials, read.rule)) + " of the front" +
          read.rule.of() + hypervolume_remark(read.rule) + "\n");
    for (const std::string& note : study::hypervolume_notes(read.trials, read.rule)) print("note: " + note + "\n");
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_pareto_verb() { return std::make_unique<ParetoVerb>(); }

}  // namespace dsnn::cli
