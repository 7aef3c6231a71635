#pragma once

#include <span>
#include <string>
#include <vector>

#include "dsnn/kind.h"
#include "dsnn/layer.h"

namespace dsnn {

/// Parameters that share hyperparameters.
struct ParameterGroup {
  Role role = Role::weight;             ///< sign or shift; `weight` stands for all others
  std::vector<NamedTensor> parameters;  ///< full state-dict names, unique over all groups
  double weight_decay = 0;
};

/// A first-order optimiser. Gradients are read from Tensor::grad(); a parameter without gradient is left alone.
/// One thread; runs under no-grad (it sets the guard itself).
class Optimizer {
 public:
  using Interface = Optimizer;
  static constexpr Kind kKind = Kind::optimizer;
  static constexpr bool kNeedsTorch = true;
  virtual ~Optimizer();

  /// Takes over the parameters. Returns what the user should know of this pairing, one sentence each.
  virtual std::vector<std::string> attach(std::vector<ParameterGroup> groups) = 0;
  /// One update; `group_lr` has one learning rate per group (schedules live in the training loop).
  virtual void step(std::span<const double> group_lr) = 0;
  /// Everything needed to continue bit for bit: "<parameter>.<slot>" and "step".
  virtual Tensors state() const = 0;
  virtual void load(const Tensors& state) = 0;
};

}  // namespace dsnn
