#include <algorithm>

#include "config/cross_check.h"
#include "config/words.h"

namespace dsnn::config {
namespace {

/// The first objective or constraint that a cost model answers; "" when there is none.
std::string analytic_metric(const ExperimentSpec& spec) {
  for (const auto* targets : {&spec.objectives, &spec.constraints}) {
    for (const Target& target : *targets) {
      if (target.metric.starts_with("inference.")) return target.metric;
    }
  }
  return "";
}

}  // namespace

void warn_of_costless_keys(SchemaCheck& check, const ExperimentSpec& spec) {
  const Value* meters = spec.tree.find("meters");
  const Value* section = meters == nullptr ? nullptr : meters->find("inference");
  const Value* type = section == nullptr ? nullptr : section->find("type");
  const std::string metric = analytic_metric(spec);
  if (type == nullptr || !type->is_string() || metric.empty()) return;
  const auto model = std::find_if(check.components().begin(), check.components().end(), [&](const auto* component) {
    return component->kind == Kind::cost_model && component->name == type->string();
  });
  if (model == check.components().end()) return;
  const std::vector<FieldSpec> fields = component_fields(**model);
  for (const SchemaCheck::NumericKey& searched : check.numeric_keys()) {
    for (const FieldSpec& field : fields) {
      const Value* charge = section->find(field.key);
      if (field.numeric != searched.numeric || charge == nullptr || !charge->is_number() || charge->number() != 0)
        continue;
      check.note(Severity::warning, searched.place,
                 "searching " + quoted(searched.id) + " cannot change " + metric + ": " + quoted(type->string()) +
                     " charges " + searched.numeric + " only when " + quoted(field.key) + " is above 0",
                 "set meters.inference." + field.key);
    }
  }
}

}  // namespace dsnn::config
