#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dsnn/graph.h"
#include "dsnn/layer.h"
#include "dsnn/operator.h"
#include "dsnn/weighted_op.h"
#include "options.h"
#include "weight.h"

namespace dsnn::deepshift {

/// A convolution or linear layer with power-of-two weights and fixed-point inputs.
///
/// In and out as the float layer; a linear layer takes any leading shape. The sum itself runs in the tensors' own type.
class ShiftLayer : public Layer {
 public:
  /// `own` holds what convert() gives. Throws std::invalid_argument when it does not fit.
  ShiftLayer(const LayerSpec& spec, OwnTensors& own);

  at::Tensor forward(std::span<const at::Tensor> in, const StepContext& step) override;
  std::vector<LayerParameter> parameters() override;
  std::vector<NamedTensor> buffers() override { return weight_->buffers(); }
  at::Tensor penalty(double weight_decay) override { return weight_->penalty(weight_decay); }
  std::vector<Metric> diagnostics() const override { return weight_->diagnostics(); }

 private:
  Options options_;
  WeightedOp op_;
  std::unique_ptr<ShiftWeight> weight_;
  at::Tensor bias_;
};

/// The tensors of the shift layer `made` from the float layer's "weight" and "bias". What is not taken from there is
/// drawn from `rng`. Warns when most exponents end on the lowest one.
Converted convert(const std::string& layer, const LayerSpec& made, const Tensors& source, const Rng& rng);

/// The weight and bias that the layer's sum really uses.
Tensors effective(const LayerSpec& layer, const Tensors& own);

}  // namespace dsnn::deepshift
