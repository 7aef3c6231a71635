#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "dsnn/types.h"
#include "store/store.h"

namespace dsnn::study {

/// The metric a lineage reached over its epochs: every value with its step, in order of step.
using EpochHistory = std::function<std::vector<store::EpochMetric>()>;

/// Fills objectives and constraints of a complete evaluation from its metrics. A missing metric makes it failed, a
/// non-finite objective diverged, each with a sentence in `message`. Other states lose their objectives.
void take_targets(Evaluation& evaluation, const config::ExperimentSpec& spec, const EpochHistory& history);

/// True when a constraint on `metric` can be checked before training: model.* and analytic inference.*.
bool is_static(const Target& constraint);

/// The first violated constraint in words ("model.parameters is 70000, at most 50000 is allowed"), or "".
std::string violated(const std::vector<Target>& constraints, const std::vector<Metric>& metrics);

}  // namespace dsnn::study
