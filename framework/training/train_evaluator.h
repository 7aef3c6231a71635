#pragma once

#include "dsnn/evaluator.h"

namespace dsnn::training {

/// Trains one configuration with mini-batches and scores it: the evaluator `train`.
class TrainEvaluator : public Evaluator {
 public:
  Description describe(const ConfigView& experiment, const ComponentFactory& factory) override;
  Findings check(const ConfigView& experiment, const Budget& smallest, const ComponentFactory& factory) override;
  Evaluation evaluate(const TrialRequest& request, TrialContext& context) override;
};

}  // namespace dsnn::training
