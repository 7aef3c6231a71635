#include "training/options.h"

#include <algorithm>
#include <cmath>

namespace dsnn::training {
namespace {

std::optional<ConfigView> section(const ConfigView& parent, std::string_view key) {
  if (!parent.has(key) || !parent.at(key).is_map()) return std::nullopt;
  return parent.section(key);
}

int64_t integer_or(const ConfigView& view, std::string_view key, int64_t fallback) {
  return view.has(key) && view.at(key).is_int() ? view.integer(key) : fallback;
}

/// The names under `fidelity.budget`: one or a list.
std::vector<std::string> axes(const ConfigView& experiment) {
  const std::optional<ConfigView> fidelity = section(experiment, "fidelity");
  if (!fidelity || !fidelity->has("budget")) return {"epochs"};
  const Value& budget = fidelity->at("budget");
  if (budget.is_string()) return {budget.string()};
  std::vector<std::string> names;
  for (const Value& name : budget.items()) names.push_back(name.string());
  return names;
}

void take_budget(const ConfigView& experiment, const Budget& budget, Options& options) {
  const std::vector<std::string> names = axes(experiment);
  for (size_t i = 0; i < budget.value.size(); ++i) {
    const std::string name = i < names.size() ? names[i].substr(names[i].rfind('.') + 1) : "";
    if (name == "epochs") {
      options.epochs = budget.value[i] > 0 ? std::max<int64_t>(1, std::llround(budget.value[i])) : 0;
    } else if (name == "train_fraction") {
      options.train_fraction = budget.value[i];
    } else {
      experiment.error("fidelity", "the evaluator 'train' cannot use '" + name + "' as a budget",
                       "use epochs or train_fraction");
    }
  }
}

void read_execution(const ConfigView& experiment, Options& options) {
  const std::optional<ConfigView> execution = section(experiment, "execution");
  if (!execution) return;
  options.deterministic = execution->has("deterministic") && execution->boolean("deterministic");
  options.threads = static_cast<int>(integer_or(*execution, "threads", options.deterministic ? 1 : 0));
  if (execution->has("device")) options.device = execution->string("device");
}

bool declares_objectives(const ConfigView& experiment) {
  return experiment.has("objectives") && experiment.at("objectives").size() > 0;
}

}  // namespace

Options read_options(const ConfigView& experiment, const Budget& budget) {
  const ConfigView training = experiment.section("training");
  const ConfigView optimizer = training.section("optimizer");
  Options options;
  options.full_epochs = options.epochs = training.integer("epochs");
  take_budget(experiment, budget, options);
  const ConfigView schedule = training.section("schedule");
  const bool over_budget = schedule.has("horizon") && schedule.string("horizon") == "budget";
  options.horizon_epochs = static_cast<double>(over_budget ? options.epochs : options.full_epochs);
  options.batch_size = training.integer("batch_size");
  options.lr = optimizer.number("lr");
  if (optimizer.has("lr_sign")) options.lr_sign = optimizer.number("lr_sign");
  options.weight_decay = optimizer.has("weight_decay") ? optimizer.number("weight_decay") : 0.0;
  if (training.has("gradient_clip")) options.gradient_clip = training.number("gradient_clip");
  if (const std::optional<ConfigView> evaluation = section(experiment, "evaluation")) {
    options.evaluation_batch_size = integer_or(*evaluation, "batch_size", options.evaluation_batch_size);
    options.evaluate_every = integer_or(*evaluation, "every", options.evaluate_every);
  }
  options.test_at_end = !declares_objectives(experiment);
  if (experiment.has("smoke")) options.max_batches = experiment.section("smoke").integer("batches");
  options.split_seed = static_cast<uint64_t>(integer_or(experiment, "seed", 0));
  read_execution(experiment, options);
  return options;
}

}  // namespace dsnn::training
