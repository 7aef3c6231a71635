#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "dsnn/rng.h"
#include "dsnn/types.h"

namespace dsnn {

/// Decides optimiser group and weight decay: `shift` and `sign` never get the optimiser's own decay.
enum class Role { weight, bias, norm, shift, sign, adder };
const char* to_string(Role role);

struct NamedTensor {
  std::string name;  ///< relative to its owner: "weight", "running_mean"
  at::Tensor tensor;
};
struct LayerParameter {
  std::string name;   ///< relative to its layer
  at::Tensor tensor;  ///< a leaf that requires grad
  Role role = Role::weight;
};
using Tensors = std::map<std::string, at::Tensor>;

/// The tensors of one layer, handed to the layer that is made around them. Each is taken once.
class OwnTensors {
 public:
  /// `layer` names it in messages; `tensors` by relative name.
  OwnTensors(std::string layer, Tensors tensors);

  bool has(const std::string& name) const { return tensors_.count(name) != 0; }
  /// A copy in standard layout. Throws std::invalid_argument when it is missing or of another shape.
  at::Tensor buffer(const std::string& name, const std::vector<int64_t>& shape);
  /// The same as a leaf that requires grad.
  at::Tensor parameter(const std::string& name, const std::vector<int64_t>& shape);
  /// Throws std::invalid_argument naming what nobody took.
  void check_all_taken() const;

 private:
  std::string layer_;
  Tensors tensors_;
};

/// What a layer may know of the step it runs in.
struct StepContext {
  bool training = false;
  uint64_t seed = 0;  ///< of the trial
  int64_t step = 0;   ///< global step of the lineage
};

/// One layer of a Network. One instance per layer, one thread.
///
/// In evaluation a layer caches whatever depends on parameters only, and drops it when a parameter's version changes
/// (at::Tensor::_version()) or training resumes.
class Layer {
 public:
  virtual ~Layer();
  virtual at::Tensor forward(std::span<const at::Tensor> in, const StepContext& step) = 0;
  virtual std::vector<LayerParameter> parameters() = 0;
  virtual std::vector<NamedTensor> buffers() = 0;
  /// Added to the loss when the optimiser's weight decay is > 0; undefined = none.
  virtual at::Tensor penalty(double weight_decay);
  /// After all backward passes of a step, before the optimiser.
  virtual void before_step();
  /// Logged once an epoch: fraction of zero signs, of shifts at the floor ...
  virtual std::vector<Metric> diagnostics() const;
};

}  // namespace dsnn
