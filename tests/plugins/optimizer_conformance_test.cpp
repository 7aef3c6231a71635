#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "dsnn/optimizer.h"
#include "support/components.h"

namespace dsnn {
namespace {

/// Every optimiser of the build, with a learning rate that suits it on a small quadratic.
std::vector<std::string> optimizers(const test::Components& components) {
  std::vector<std::string> out;
  for (const plugin::ComponentInfo* info : components.catalog().of(Kind::optimizer)) out.push_back(info->name);
  return out;
}

at::Tensor leaf(const at::Tensor& values) { return values.detach().clone().set_requires_grad(true); }

at::Tensor numbers(std::vector<int64_t> shape, double from, double to, at::ScalarType type = at::kFloat) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return at::linspace(from, to, count).to(type).view(shape);
}

/// The gradient of 1/2 |p - 1|^2, with a kick that depends on the step.
at::Tensor gradient_at(const at::Tensor& parameter, int64_t step) {
  return parameter.detach().sub(1.0).mul(1.0 + 0.25 * std::sin(static_cast<double>(step)));
}

void run(Optimizer& optimizer, const std::vector<at::Tensor>& parameters, int64_t from, int64_t to, double lr) {
  const std::vector<double> rates = {lr};
  for (int64_t step = from; step < to; ++step) {
    for (const at::Tensor& p : parameters) {
      at::Tensor own = p;
      own.mutable_grad() = gradient_at(p, step);
    }
    optimizer.step(rates);
  }
}

std::vector<ParameterGroup> one_group(const std::vector<at::Tensor>& parameters, double weight_decay = 0) {
  ParameterGroup group{.parameters = {}, .weight_decay = weight_decay};
  for (size_t i = 0; i < parameters.size(); ++i)
    group.parameters.push_back({"layer.p" + std::to_string(i), parameters[i]});
  return {group};
}

class OptimizerConformance : public ::testing::Test {
 protected:
  test::Components components_;
};

TEST_F(OptimizerConformance, DescendsAQuadratic) {
  for (const std::string& name : optimizers(components_)) {
    SCOPED_TRACE(name);
    const std::unique_ptr<Optimizer> optimizer = components_.make<Optimizer>(name);
    const at::Tensor p = leaf(numbers({3, 4}, -1, 3));
    const double before = p.detach().sub(1).square().sum().item<double>();
    optimizer->attach(one_group({p}));
    run(*optimizer, {p}, 0, 60, 0.05);
    EXPECT_LT(p.detach().sub(1).square().sum().item<double>(), before);
  }
}

TEST_F(OptimizerConformance, ContinuesFromItsStateBitForBit) {
  for (const std::string& name : optimizers(components_)) {
    SCOPED_TRACE(name);
    const std::vector<at::Tensor> whole = {leaf(numbers({3, 4}, -1, 3)), leaf(numbers({7}, 0.1, 2))};
    const std::unique_ptr<Optimizer> once = components_.make<Optimizer>(name);
    once->attach(one_group(whole, 1e-3));
    run(*once, whole, 0, 13, 0.02);

    const std::vector<at::Tensor> parts = {leaf(numbers({3, 4}, -1, 3)), leaf(numbers({7}, 0.1, 2))};
    const std::unique_ptr<Optimizer> first = components_.make<Optimizer>(name);
    first->attach(one_group(parts, 1e-3));
    run(*first, parts, 0, 8, 0.02);
    Tensors saved;
    for (const auto& [key, tensor] : first->state()) saved[key] = tensor.clone();
    const std::unique_ptr<Optimizer> second = components_.make<Optimizer>(name);
    second->attach(one_group(parts, 1e-3));
    second->load(saved);
    run(*second, parts, 8, 13, 0.02);
    for (size_t i = 0; i < whole.size(); ++i) EXPECT_TRUE(at::equal(whole[i], parts[i])) << i;
  }
}

TEST_F(OptimizerConformance, LeavesAParameterWithoutGradientAlone) {
  for (const std::string& name : optimizers(components_)) {
    SCOPED_TRACE(name);
    const std::unique_ptr<Optimizer> optimizer = components_.make<Optimizer>(name);
    const at::Tensor moving = leaf(numbers({4}, 2, 3)), resting = leaf(numbers({4}, 2, 3));
    optimizer->attach(one_group({moving, resting}, 0.1));
    run(*optimizer, {moving}, 0, 3, 0.01);
    EXPECT_TRUE(at::equal(resting, numbers({4}, 2, 3)));
    EXPECT_FALSE(at::equal(moving, numbers({4}, 2, 3)));
  }
}

TEST_F(OptimizerConformance, AnUpdateRaisesTheVersionOfItsParameter) {
  for (const std::string& name : optimizers(components_)) {
    SCOPED_TRACE(name);
    const std::unique_ptr<Optimizer> optimizer = components_.make<Optimizer>(name);
    const at::Tensor p = leaf(numbers({4}, 2, 3));
    optimizer->attach(one_group({p}));
    const auto before = p._version();
    run(*optimizer, {p}, 0, 1, 0.01);
    EXPECT_GT(p._version(), before);
  }
}

TEST_F(OptimizerConformance, OtherLayoutsAndTypesGiveTheSameUpdate) {
  for (const std::string& name : optimizers(components_)) {
    SCOPED_TRACE(name);
    const at::Tensor start = numbers({2, 3, 4, 5}, -1, 3);
    const at::Tensor plain = leaf(start);
    const at::Tensor channels_last = start.to(at::MemoryFormat::ChannelsLast).set_requires_grad(true);
    const at::Tensor holes = at::zeros({2, 3, 4, 10}).slice(3, 0, 10, 2).copy_(start).set_requires_grad(true);
    const at::Tensor in_double = leaf(start.to(at::kDouble));
    for (const at::Tensor& p : {plain, channels_last, holes, in_double}) {
      const std::unique_ptr<Optimizer> optimizer = components_.make<Optimizer>(name);
      optimizer->attach(one_group({p}, 1e-3));
      run(*optimizer, {p}, 0, 9, 0.02);
    }
    EXPECT_TRUE(at::equal(plain, channels_last));
    EXPECT_TRUE(at::allclose(plain, holes, 1e-5, 1e-6));
    EXPECT_TRUE(at::allclose(plain, in_double.to(at::kFloat), 1e-4, 1e-5));
  }
}

TEST_F(OptimizerConformance, StateOfAnotherNetworkIsRefusedByName) {
  for (const std::string& name : optimizers(components_)) {
    SCOPED_TRACE(name);
    const at::Tensor p = leaf(numbers({4}, 2, 3));
    const std::unique_ptr<Optimizer> optimizer = components_.make<Optimizer>(name);
    optimizer->attach(one_group({p}));
    run(*optimizer, {p}, 0, 1, 0.01);
    Tensors state = optimizer->state();
    state.erase("layer.p0.step");
    try {
      optimizer->load(state);
      FAIL() << "took a state without layer.p0.step";
    } catch (const EvaluationError& e) {
      EXPECT_NE(std::string(e.what()).find("layer.p0.step"), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace dsnn
