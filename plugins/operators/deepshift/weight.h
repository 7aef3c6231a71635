#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dsnn/layer.h"
#include "dsnn/weighted_op.h"
#include "options.h"

namespace dsnn::deepshift {

/// The parameters behind one power-of-two weight, and the weight they make. One thread.
class ShiftWeight {
 public:
  virtual ~ShiftWeight();

  /// Projects the parameters in place and returns the weight the layer multiplies by. In evaluation without autograd it
  /// is computed once and kept until a parameter changes.
  at::Tensor effective(const StepContext& step);

  virtual std::vector<LayerParameter> parameters() = 0;
  virtual std::vector<NamedTensor> buffers() { return {}; }
  virtual at::Tensor penalty(double weight_decay);
  virtual std::vector<Metric> diagnostics() const = 0;

 protected:
  ShiftWeight(std::string name, const Options& options) : name_(std::move(name)), options_(options) {}

  /// Projected and quantised, without autograd; at random when `random`.
  virtual at::Tensor quantized(const StepContext& step, bool random) = 0;
  virtual at::Tensor attached(const at::Tensor& quantized) = 0;

  Rng stream(const char* purpose, const StepContext& step) const;

  std::string name_;
  Options options_;

 private:
  std::vector<std::pair<const void*, uint32_t>> stamp();

  at::Tensor cached_;
  std::vector<std::pair<const void*, uint32_t>> cached_stamp_;
};

/// Around the tensors "weight" (Q), or "shift" and "sign" (PS); `name` is the layer's and names its random streams.
std::unique_ptr<ShiftWeight> make_weight(const std::string& name, const Options& options, const WeightedOp& op,
                                         OwnTensors& own);

/// These tensors from a float weight; with `init: random` PS draws its own from `rng`.
Tensors convert_weight(const Options& options, const WeightedOp& op, const at::Tensor& weight, const Rng& rng);

/// Share of the elements whose exponent is the lowest one.
double floor_fraction(const Options& options, const Tensors& own);

/// What the layer multiplies by in evaluation.
at::Tensor effective_weight(const Options& options, const Tensors& own);

/// Values in [lo, hi).
at::Tensor uniform(const std::vector<int64_t>& shape, double lo, double hi, Rng rng);

}  // namespace dsnn::deepshift
