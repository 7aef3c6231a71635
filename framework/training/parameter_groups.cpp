#include "training/parameter_groups.h"

namespace dsnn::training {

std::vector<ParameterGroup> parameter_groups(const std::vector<nn::NetworkParameter>& parameters, double weight_decay) {
  ParameterGroup others{.role = Role::weight, .parameters = {}, .weight_decay = weight_decay};
  ParameterGroup signs{.role = Role::sign, .parameters = {}}, shifts{.role = Role::shift, .parameters = {}};
  for (const nn::NetworkParameter& parameter : parameters) {
    if (!parameter.tensor.requires_grad()) continue;  // frozen
    ParameterGroup& group = parameter.role == Role::sign ? signs : parameter.role == Role::shift ? shifts : others;
    group.parameters.push_back({parameter.name, parameter.tensor});
  }
  std::vector<ParameterGroup> groups;
  for (ParameterGroup* group : {&others, &signs, &shifts}) {
    if (!group->parameters.empty()) groups.push_back(std::move(*group));
  }
  return groups;
}

}  // namespace dsnn::training
