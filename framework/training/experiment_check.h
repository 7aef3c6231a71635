#pragma once

#include "dsnn/evaluator.h"

namespace dsnn::training {

/// What the evaluator `train` can say of a resolved experiment before its first trial; see Evaluator::check().
Findings check_experiment(const ConfigView& experiment, const Budget& smallest, const ComponentFactory& factory);

}  // namespace dsnn::training
