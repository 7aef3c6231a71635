// The part of the cross checks that is about budgets.
#include <algorithm>
#include <cmath>

#include "config/cross_check.h"
#include "config/did_you_mean.h"
#include "config/later.h"
#include "config/tree_path.h"

namespace dsnn::config {
namespace {

bool is_domain(const Value& value) { return value.find("$parameter") != nullptr || value.find("$choice") != nullptr; }

struct BudgetKey {
  std::string path;
  FieldSpec field;
};

/// All keys of the evaluator's sections with their paths.
void collect_keys(const std::vector<FieldSpec>& fields, const std::string& prefix,
                  const std::set<const plugin::ComponentInfo*>& components, std::vector<BudgetKey>& out) {
  for (const FieldSpec& field : fields) {
    const std::string path = prefix.empty() ? field.key : prefix + "." + field.key;
    if (field.type == FieldType::integer || field.type == FieldType::number) out.push_back({path, field});
    if (field.type == FieldType::map) collect_keys(field.fields, path, components, out);
    if (field.type != FieldType::component || !prefix.empty()) continue;
    for (const plugin::ComponentInfo* component : components) {
      if (name_of(component->kind) == field.kind) collect_keys(component_fields(*component), path, {}, out);
    }
  }
}

class FidelityReader {
 public:
  FidelityReader(SchemaCheck& check, const std::vector<FieldSpec>& fields, ExperimentSpec& spec)
      : check_(check), spec_(spec) {
    collect_keys(fields, "", check.components(), keys_);
  }

  void read() {
    Value* section = spec_.tree.find("fidelity");
    if (section == nullptr || !section->is_map() || section->find("budget") == nullptr ||
        !section->at("budget").is_string())
      return;
    const std::string name = section->at("budget").string();
    const BudgetKey* key = find(name);
    if (key == nullptr) return;
    Value* full = value_at(spec_.tree, key->path);
    if (full == nullptr) return;
    if (is_domain(*full)) {
      check_.error(check_.place_of(key->path),
                   "'" + key->field.key + "' is the budget of 'fidelity', so it cannot be searched",
                   "give one value, or another budget");
      return;
    }
    const auto min = bound(*section, "min", key->field);
    const auto max = full_value(*section, *key, *full);
    if (!min && section->find("min") != nullptr && section->at("min").is_null()) {
      check_.error(check_.place_of("fidelity"), "'fidelity' needs the key 'min': the smallest budget of a trial");
    }
    if (!min || !max) return;
    if (*min > *max) {
      check_.error(
          check_.place_of("fidelity.min"),
          "fidelity.min (" + to_text(section->at("min")) + ") is above the full budget (" + to_text(Value(*max)) + ")",
          "the full budget is fidelity.max, else " + key->path);
    }
    Fidelity out;
    out.axes = {key->path};
    out.names = {name};
    out.min = {*min};
    out.max = {*max};
    if (const Value* eta = section->find("eta"); eta != nullptr && eta->is_number()) out.eta = eta->number();
    if (const Value* go_on = section->find("continue"); go_on != nullptr && go_on->is_bool())
      out.continue_from_checkpoint = go_on->boolean();
    if (const Value* front = section->find("front")) out.front_of_any_budget = *front == Value("any");
    section->set("max",
                 key->field.type == FieldType::integer ? Value(static_cast<int64_t>(std::llround(*max))) : Value(*max));
    *full = section->at("max");
    if (out.continue_from_checkpoint) check_horizon();
    if (out.continue_from_checkpoint && key->path.starts_with("dataset.")) {
      check_.error(check_.place_of("fidelity.continue"),
                   "a trial on another part of the data cannot be continued from a checkpoint",
                   "set fidelity.continue: false");
    }
    spec_.fidelity = std::move(out);
  }

 private:
  const BudgetKey* find(const std::string& name) {
    const BudgetKey* plain = nullptr;
    std::vector<std::string> names;
    for (const BudgetKey& key : keys_) {
      const bool named = key.field.key == name || key.path == name;
      if (key.field.fidelity) names.push_back(key.field.key);
      if (named && key.field.fidelity) return &key;
      if (named && plain == nullptr) plain = &key;
    }
    const Place place = check_.place_of("fidelity.budget");
    if (const auto later = later_key("fidelity.budget." + name))
      check_.error(place, *later);
    else if (plain != nullptr)
      check_.error(place,
                   "'" + plain->path + "' cannot be a budget: its schema does not say that it makes a trial cheaper",
                   suggestion("", names));
    else
      check_.error(place, "no key '" + name + "' that could be a budget", suggestion(name, names));
    return nullptr;
  }

  /// What ends with the budget cannot be continued at a larger one.
  void check_horizon() {
    for (const SchemaCheck::BudgetEnd& end : check_.budget_ends()) {
      check_.error(end.place, end.owner + " with '" + end.setting + "' cannot be continued from a checkpoint",
                   "set fidelity.continue: false");
    }
  }

  std::optional<double> bound(const Value& section, const std::string& name, const FieldSpec& field) {
    const Value* value = section.find(name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const Place place = check_.place_of("fidelity." + name);
    const double number = value->number();
    if (field.type == FieldType::integer && number != std::floor(number)) {
      check_.error(place, "fidelity." + name + " must be a whole number: '" + field.key + "' counts in whole steps");
      return std::nullopt;
    }
    if (number <= 0 || !in_range(field, number)) {
      check_.error(place, "fidelity." + name + " must be " + (number <= 0 ? "greater than 0" : range_text(field)) +
                              " as '" + field.key + "' itself, got " + to_text(*value));
      return std::nullopt;
    }
    return number;
  }

  std::optional<double> full_value(const Value& section, const BudgetKey& key, const Value& full) {
    const bool has_max = section.find("max") != nullptr && !section.at("max").is_null();
    if (!has_max) {
      if (full.is_number()) return full.number();
      check_.error(check_.place_of("fidelity"),
                   "the full budget is unknown: neither 'max' nor " + key.path + " is given");
      return std::nullopt;
    }
    const auto max = bound(section, "max", key.field);
    const bool written = check_.places().find(key.path) != check_.places().end() &&
                         check_.places().find(key.path)->second.source != nullptr;
    if (max && written && full.is_number() && full.number() != *max) {
      check_.error(check_.place_of("fidelity.max"),
                   "two values for the full budget: fidelity.max is " + to_text(section.at("max")) + ", " + key.path +
                       " is " + to_text(full),
                   "leave one of them out");
      return std::nullopt;
    }
    return max;
  }

  SchemaCheck& check_;
  ExperimentSpec& spec_;
  std::vector<BudgetKey> keys_;
};

}  // namespace

void read_fidelity(SchemaCheck& check, const std::vector<FieldSpec>& budget_keys, ExperimentSpec& spec) {
  FidelityReader(check, budget_keys, spec).read();
}

}  // namespace dsnn::config
