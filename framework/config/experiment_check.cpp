#include "config/experiment_check.h"

#include <algorithm>

#include "config/cross_check.h"
#include "config/framework_schema.h"
#include "config/later.h"
#include "config/schema_check.h"
#include "dsnn/version.h"

namespace dsnn::config {
namespace {

class Experiment {
 public:
  Experiment(const Node& tree, const plugin::Catalog& catalog, Diagnostics& diagnostics)
      : tree_(tree),
        catalog_(catalog),
        diagnostics_(diagnostics),
        check_(catalog, diagnostics, tree.find("parameters")) {
    root_.place = {.source = tree.place.source, .line = tree.place.line, .column = tree.place.column};
  }

  std::optional<ExperimentSpec> freeze(const Cell& cell, std::set<std::string, std::less<>>& used) {
    const int before = diagnostics_.errors();
    spec_.cell = cell.name();
    spec_.cell_labels.insert(cell.labels.begin(), cell.labels.end());
    spec_.name = tree_.find("name")->text;
    spec_.tree = Value::map();
    spec_.tree.set("schema", Value(kLanguage));
    spec_.tree.set("name", Value(spec_.name));
    spec_.tree.set("seed", Value(0));
    const plugin::ComponentInfo* evaluator = read_evaluator();
    if (evaluator != nullptr) {
      evaluator_fields_ = fields_from_json(evaluator->sections.is_list() ? evaluator->sections : Value::list());
    }
    offer_sections();
    refuse_unknown_keys(evaluator != nullptr);
    if (evaluator != nullptr) read_evaluator_sections(evaluator->name);
    read_framework_sections();
    used.insert(check_.used_parameters().begin(), check_.used_parameters().end());
    if (const Node* declared = tree_.find("parameters"); declared != nullptr && !check_.complete()) {
      for (const Entry& entry : declared->entries) used.insert(entry.key);
    }
    if (diagnostics_.errors() == before || evaluator != nullptr) cross_check(before);
    if (diagnostics_.errors() != before) return std::nullopt;
    spec_.space = check_.parameters().build();
    spec_.notes = check_.notes();
    std::set<std::string> plugins;
    for (const plugin::ComponentInfo* component : check_.components()) plugins.insert(component->plugin->name);
    spec_.plugins.assign(plugins.begin(), plugins.end());
    for (const auto& [path, place] : check_.places()) {
      spec_.origins[path] = location(place);
      if (place.source != nullptr && place.line == 0) spec_.origins[path].file = "--set";
    }
    return std::move(spec_);
  }

 private:
  const plugin::ComponentInfo* read_evaluator() {
    const FieldSpec& field = *find_field(framework_sections(), "evaluator");
    const Node* node = tree_.find("evaluator");
    if (node != nullptr && node->is_null()) node = nullptr;
    Context at = child(root_, "evaluator");
    at.forbidden = "evaluator";
    if (node != nullptr) at.place = node->place;
    if (node != nullptr && node->find("search") != nullptr) {
      check_.error(node->entry("search")->place, "a search domain cannot stand under 'evaluator'",
                   "write one file for each evaluator");
      return nullptr;
    }
    const plugin::ComponentInfo* info = check_.component_of(Kind::evaluator, field, node, at);
    if (info == nullptr) return nullptr;
    at.forbidden.clear();
    spec_.evaluator = info->name;
    spec_.tree.set("evaluator", check_.value(field, node != nullptr ? *node : node_from(Value(info->name)), at));
    return info;
  }

  void offer_sections() {
    std::vector<FieldSpec> sections = evaluator_fields_;
    sections.insert(sections.end(), framework_sections().begin(), framework_sections().end());
    check_.offer_sections(std::move(sections));
  }

  void refuse_unknown_keys(bool evaluator_known) {
    std::vector<FieldSpec> all = framework_keys();
    all.insert(all.end(), framework_sections().begin(), framework_sections().end());
    all.insert(all.end(), evaluator_fields_.begin(), evaluator_fields_.end());
    for (const Entry& entry : tree_.entries) {
      if (find_field(all, entry.key) != nullptr) continue;
      // Without an evaluator nobody can say which other sections are legal.
      if (evaluator_known || later_key(entry.key)) check_.unknown_key(entry, all, root_);
    }
  }

  std::set<std::string, std::less<>> all_keys() const {
    std::set<std::string, std::less<>> keys;
    for (const Entry& entry : tree_.entries) keys.insert(entry.key);
    return keys;
  }

  void add(const Value& sections) {
    for (const auto& [key, value] : sections.members()) spec_.tree.set(key, value);
  }

  void read_evaluator_sections(const std::string& evaluator) {
    Context at = root_;
    at.owner = "evaluator '" + evaluator + "'";
    add(check_.section(evaluator_fields_, &tree_, at, all_keys()));
  }

  void read_framework_sections() {
    const bool search = !check_.parameters().empty();
    for (const FieldSpec& field : framework_sections()) {
      if (field.key == "evaluator") continue;
      const Node* node = tree_.find(field.key);
      const bool absent = node == nullptr || node->is_null();
      const bool of_search = field.key == "fidelity" || field.key == "acquisition";
      if (of_search && absent && !search) {
        spec_.tree.set(field.key, Value());
        continue;
      }
      Context at = root_;
      at.forbidden = field.key;
      Node one = tree_;
      if (field.key == "fidelity" && !absent) {
        const auto section = one_axis(*node);
        if (!section) continue;
        one.set({.key = "fidelity", .place = tree_.entry("fidelity")->place, .value = *section});
      }
      add(check_.section({field}, &one, at, all_keys()));
      if (of_search && !search && !absent)
        check_.note(Severity::note, tree_.entry(field.key)->place,
                    "'" + field.key + "' is not used: nothing in this file is searched");
    }
    fill_default_meters();
  }

  /// A list of one budget axis is the same as the value itself; more axes come later: nullopt.
  std::optional<Node> one_axis(Node section) {
    for (const char* key : {"budget", "min", "max"}) {
      Node* value = section.find(key);
      if (value == nullptr || !value->is_list()) continue;
      if (value->items.size() != 1) {
        check_.error(value->place, "several budget axes come with the search engine; this build has one");
        return std::nullopt;
      }
      *value = Node(value->items.front());
    }
    return section;
  }

  void fill_default_meters() {
    Value* meters = spec_.tree.find("meters");
    const plugin::ComponentInfo* usual = catalog_.default_of(Kind::meter);
    if (meters == nullptr || !meters->is_map() || meters->find("use") == nullptr || !meters->at("use").is_null())
      return;
    if (usual == nullptr) return meters->set("use", Value::list());
    Value meter = Value::map();
    meter.set("type", Value(usual->name));
    FieldSpec list = *find_field(find_field(framework_sections(), "meters")->fields, "use");
    Context at = child(child(root_, "meters"), "use");
    at.forbidden = "meters";
    meters->set("use", check_.value(list, node_from(Value(Value::List{meter})), at));
  }

  void cross_check(int errors_before) {
    const bool complete = diagnostics_.errors() == errors_before;
    if (complete) {
      read_limits(spec_);
      read_execution(check_, spec_);
      read_grid(check_, spec_);
    }
    const Value* execution = spec_.tree.find("execution");
    const Value* deterministic = execution == nullptr ? nullptr : execution->find("deterministic");
    spec_.execution.deterministic = deterministic != nullptr && deterministic->is_bool() && deterministic->boolean();
    read_targets(check_, spec_);
    check_names(check_, spec_, diagnostics_.errors() == errors_before);
    if (complete) check_columns(check_, spec_);
    read_fidelity(check_, evaluator_fields_, spec_);
    if (complete) warn(errors_before);
    if (check_.parameters().empty()) return;
    const Node* objectives = tree_.find("objectives");
    if (spec_.objectives.empty() && (objectives == nullptr || objectives->items.empty())) {
      check_.error(root_.place, "this file searches but names no objectives",
                   "add objectives: [{name: error, metric: validation.error, goal: minimize}]");
    }
    const Limits& limits = spec_.limits;
    const bool bounded = limits.trials || limits.configurations || limits.full_trainings || limits.epochs ||
                         limits.wall_seconds || limits.energy_kwh || limits.emissions_kg;
    if (complete && !bounded)
      check_.note(Severity::note, root_.place,
                  "no 'limits': the study runs until it is stopped or its space is exhausted");
  }

  void warn(int errors_before) {
    if (diagnostics_.errors() != errors_before) return;
    warn_of_costless_keys(check_, spec_);
    warn_of_budget(check_, spec_);
    warn_of_inline_limits(check_, spec_);
  }

  const Node& tree_;
  const plugin::Catalog& catalog_;
  Diagnostics& diagnostics_;
  SchemaCheck check_;
  Context root_;
  std::vector<FieldSpec> evaluator_fields_;
  ExperimentSpec spec_;
};

}  // namespace

std::optional<ExperimentSpec> check_experiment(const Node& tree, const Cell& cell, const plugin::Catalog& catalog,
                                               Diagnostics& diagnostics, std::set<std::string, std::less<>>& used) {
  return Experiment(tree, catalog, diagnostics).freeze(cell, used);
}

}  // namespace dsnn::config
