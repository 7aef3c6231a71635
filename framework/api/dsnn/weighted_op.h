#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "dsnn/graph.h"

namespace dsnn {

/// What a convolution or linear layer does with a weight and a bias, resolved once from the layer's attributes: every
/// geometry and padding mode of the op table. Shared by the framework's layers and the operators'. Immutable.
class WeightedOp {
 public:
  /// Aborts unless is_weighted(layer).
  explicit WeightedOp(const LayerSpec& layer);

  /// In the type and on the device of its arguments; `bias` undefined = none.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) const;

  const Shape& weight_shape() const { return weight_shape_; }
  bool has_bias() const { return has_bias_; }
  int64_t outputs() const { return outputs_; }
  /// The bound of PyTorch's default start of weight and bias (Kaiming-uniform with a = sqrt(5)): 1 / sqrt(fan in).
  double start_bound() const;

  /// How one layer type computes; a row of the LibTorch back end.
  using Run = at::Tensor (*)(const WeightedOp&, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

 private:
  friend struct WeightedOpRows;

  Run run_;
  Shape weight_shape_;
  bool has_bias_ = false;
  int64_t outputs_ = 0, groups_ = 1;
  std::vector<int64_t> stride_, padding_, output_padding_, dilation_;  ///< [h, w]
  std::vector<int64_t> outer_;  ///< padded before, as at::pad orders it; empty = none
  std::string outer_mode_;      ///< in LibTorch's words
};

}  // namespace dsnn
