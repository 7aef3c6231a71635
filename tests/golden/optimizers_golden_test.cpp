#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <iostream>
#include <map>

#include "dsnn/optimizer.h"
#include "golden/golden_file.h"
#include "support/components.h"

namespace dsnn {
namespace {

constexpr double kTolerance = 2e-5;  // of the largest absolute value of the tensor

std::string component_of(const std::string& optimizer) {
  static const std::map<std::string, std::string> kComponents = {
      {"SGD", "sgd"},           {"Adam", "adam"},       {"AdamW", "adamw"}, {"Adagrad", "adagrad"},
      {"Adadelta", "adadelta"}, {"RMSprop", "rmsprop"}, {"RAdam", "radam"}, {"Ranger", "ranger"}};
  const auto found = kComponents.find(optimizer);
  return found == kComponents.end() ? std::string() : found->second;
}

/// The component's own keys; lr and weight_decay come with the parameter groups.
Value keys_of(const Value& hyperparameters) {
  static const std::map<std::string, std::string> kNames = {{"N_sma_threshhold", "n_sma_threshold"},
                                                            {"initial_accumulator_value", "initial_accumulator"}};
  Value out = Value::map();
  for (const auto& [key, value] : hyperparameters.members()) {
    if (key == "lr" || key == "weight_decay") continue;
    const auto renamed = kNames.find(key);
    out.set(renamed == kNames.end() ? key : renamed->second, value);
  }
  return out;
}

class Trace {
 public:
  Trace(const Value& expected, const Tensors& tensors, at::ScalarType type) : expected_(expected), tensors_(tensors) {
    for (const Value& key : expected.at("tensors").at("init").items()) {
      parameters_.push_back(tensors.at(key.string()).to(type).clone().set_requires_grad(true));
    }
  }

  /// One group, or one per parameter with the second group's values.
  void attach(Optimizer& optimizer) {
    const Value& values = expected_.at("hyperparameters");
    const Value* second = expected_.find("second_group_overrides");
    const bool split = second != nullptr && !second->is_null();
    std::vector<ParameterGroup> groups(split ? parameters_.size() : 1);
    for (size_t i = 0; i < parameters_.size(); ++i) {
      groups[split ? i : 0].parameters.push_back({"p" + std::to_string(i), parameters_[i]});
    }
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto value = [&](const char* key) {
        const Value* own = i == 0 ? nullptr : second->find(key);
        return (own != nullptr ? *own : values.at(key)).number();
      };
      lr_.push_back(value("lr"));
      groups[i].weight_decay = value("weight_decay");
    }
    optimizer.attach(std::move(groups));
  }

  void step(Optimizer& optimizer, int64_t t) {
    const auto& gradients = expected_.at("tensors").at("grads").items();
    for (size_t i = 0; i < parameters_.size(); ++i) {
      parameters_[i].mutable_grad() = tensors_.at(gradients[i].string())[t].to(parameters_[i].scalar_type()).clone();
    }
    optimizer.step(lr_);
  }

  void check(int64_t t) const {
    const auto& after = expected_.at("tensors").at("params_after_each_step").items();
    for (size_t i = 0; i < parameters_.size(); ++i) {
      const at::Tensor reference = tensors_.at(after[i].string())[t];
      ASSERT_LE(golden::largest_difference(parameters_[i], reference), kTolerance * golden::largest_absolute(reference))
          << "p" << i << " after step " << t + 1;
    }
  }

 private:
  const Value& expected_;
  const Tensors& tensors_;
  std::vector<at::Tensor> parameters_;
  std::vector<double> lr_;
};

TEST(OptimizerGolden, TracesMatchTheReference) {
  DSNN_REQUIRE_GOLDEN("optimizers");
  test::Components components;
  const Value index = golden::read_index("optimizers");
  const Tensors tensors = golden::read_tensors("optimizers");
  int checked = 0, without_component = 0;
  for (const Value& expected : index.at("cases").items()) {
    SCOPED_TRACE(expected.at("name").string());
    const std::string name = component_of(expected.at("optimizer").string());
    if (name.empty()) {
      ++without_component;
      continue;
    }
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
      const std::unique_ptr<Optimizer> optimizer =
          components.make<Optimizer>(name, keys_of(expected.at("hyperparameters")));
      Trace trace(expected, tensors, type);
      trace.attach(*optimizer);
      for (int64_t t = 0; t < expected.at("steps").integer(); ++t) {
        trace.step(*optimizer, t);
        trace.check(t);
        if (HasFatalFailure()) break;
      }
    }
    ++checked;
  }
  std::cout << "optimizers: " << checked << " traces checked, " << without_component << " without a component\n";
}

}  // namespace
}  // namespace dsnn
