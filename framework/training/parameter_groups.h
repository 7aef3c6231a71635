#pragma once

#include <vector>

#include "dsnn/optimizer.h"
#include "nn/network.h"

namespace dsnn::training {

/// Parameters by role: all others with the optimiser's weight decay, then signs and shifts without it (the decay of a
/// shift is the penalty its layer adds to the loss). Empty groups are left out.
std::vector<ParameterGroup> parameter_groups(const std::vector<nn::NetworkParameter>& parameters, double weight_decay);

}  // namespace dsnn::training
