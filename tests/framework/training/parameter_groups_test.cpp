#include "training/parameter_groups.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

namespace dsnn::training {
namespace {

nn::NetworkParameter parameter(const std::string& name, Role role, bool trainable = true) {
  return {.name = name, .tensor = at::zeros({2}).set_requires_grad(trainable), .role = role};
}

TEST(ParameterGroups, SignsAndShiftsGetNoWeightDecay) {
  const auto groups = parameter_groups(
      {parameter("a.weight", Role::weight), parameter("a.bias", Role::bias), parameter("b.shift", Role::shift),
       parameter("b.sign", Role::sign), parameter("n.weight", Role::norm)},
      1e-4);
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].parameters.size(), 3U);
  EXPECT_EQ(groups[0].weight_decay, 1e-4);
  EXPECT_EQ(groups[0].role, Role::weight);
  EXPECT_EQ(groups[1].parameters[0].name, "b.sign");
  EXPECT_EQ(groups[1].weight_decay, 0);
  EXPECT_EQ(groups[1].role, Role::sign);
  EXPECT_EQ(groups[2].parameters[0].name, "b.shift");
  EXPECT_EQ(groups[2].weight_decay, 0);
  EXPECT_EQ(groups[2].role, Role::shift);
}

TEST(ParameterGroups, FrozenParametersAndEmptyGroupsAreLeftOut) {
  const auto groups =
      parameter_groups({parameter("a.weight", Role::weight), parameter("b.sign", Role::sign, false)}, 0);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].parameters.size(), 1U);
}

}  // namespace
}  // namespace dsnn::training
