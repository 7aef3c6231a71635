#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dsnn/graph.h"
#include "dsnn/layer.h"
#include "dsnn/weighted_op.h"
#include "options.h"
#include "weight.h"

namespace dsnn::deepshift {

/// A convolution or linear layer with power-of-two weights and fixed-point inputs.
///
/// In and out as the float layer; a linear layer takes any leading shape. The sum itself runs in the tensors' own type.
class ShiftLayer : public Layer {
 public:
  ShiftLayer(const LayerSpec& spec, const Rng& rng);

  at::Tensor forward(std::span<const at::Tensor> in, const StepContext& step) override;
  std::vector<LayerParameter> parameters() override;
  std::vector<NamedTensor> buffers() override { return weight_->buffers(); }
  at::Tensor penalty(double weight_decay) override { return weight_->penalty(weight_decay); }
  std::vector<Metric> diagnostics() const override { return weight_->diagnostics(); }

  /// Takes the float layer's tensors "weight" and "bias". Returns a warning when most exponents end on the lowest one.
  std::vector<std::string> convert(const Tensors& source);

 private:
  std::string name_;
  Options options_;
  WeightedOp op_;
  std::unique_ptr<ShiftWeight> weight_;
  at::Tensor bias_;
};

}  // namespace dsnn::deepshift
