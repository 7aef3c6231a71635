#pragma once

#include <array>
#include <string_view>

namespace dsnn {

/// The kinds of component. The name is what `list KIND`, manifests and messages say.
enum class Kind {
  evaluator,
  task,
  dataset,
  transform,
  backbone,
  op,
  optimizer,
  schedule,
  loss,
  fidelity_scheduler,
  acquisition,
  surrogate,
  meter,
  cost_model
};

inline constexpr std::array<std::string_view, 14> kKindNames = {
    "evaluator",   "task",      "dataset",  "transform", "backbone",
    "operator",    "optimizer", "schedule", "loss",      "fidelity_scheduler",
    "acquisition", "surrogate", "meter",    "cost_model"};

constexpr std::string_view name_of(Kind kind) { return kKindNames[static_cast<size_t>(kind)]; }

}  // namespace dsnn
