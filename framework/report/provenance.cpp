// How a study can be trusted, repeated and cited.
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

#include "config/spec.h"
#include "dsnn/version.h"
#include "report/context.h"
#include "store/trial_table.h"

namespace dsnn::report {
namespace {

/// What is promised of a second run.
std::string determinism(const Context& c) {
  const auto spec = config::ExperimentSpec::from_text(c.study.spec_json);
  if (!spec) return "unknown: another version wrote this study";
  if (!spec->execution.deterministic)
    return "none promised: execution.deterministic is false; results depend on the order in which workers finish";
  return "the same trial table on this build and kind of processor with any number of workers and after any "
         "interruption; not confirmed by a rerun";
}

}  // namespace

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
  int64_t unread = 0;
  for (const auto& trial : c.trials) {
    const bool has_readings = !c.store.readings(trial.request.number).empty();
    for (const store::AttemptRecord& attempt : c.store.attempts(trial.request.number))
      unread += attempt.outcome == "lost" || (attempt.outcome == "failed" && !has_readings) ? 1 : 0;
  }
  if (unread > 0) {
    note(std::to_string(unread) +
         " attempts were killed or failed before their meters were read: what they used since their last checkpoint is "
         "not in the totals.");
  }
  if (c.rule.objectives.size() > 1) {
    for (const std::string& text : study::hypervolume_notes(c.trials, c.rule)) note(text);
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
  fact("determinism", determinism(c));
  for (const auto& event : c.store.events()) {
    if (event.kind == "data") fact(event.json.at("name").string(), "sha256 " + event.json.at("sha256").string());
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
  for (const Target& target : c.rule.objectives) {
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

}  // namespace dsnn::report
