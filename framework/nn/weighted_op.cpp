#include "dsnn/weighted_op.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/pad.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "dsnn/error.h"
#include "dsnn/op_table.h"

namespace dsnn {

/// The rows of this back end; members, so that they see the geometry.
struct WeightedOpRows {
  using Ints = std::vector<int64_t>;

  static at::Tensor padded(const WeightedOp& op, const at::Tensor& x) {
    return op.outer_.empty() ? x : at::pad(x, op.outer_, op.outer_mode_);
  }

  static at::Tensor conv2d(const WeightedOp& op, const at::Tensor& x, const at::Tensor& weight,
                           const at::Tensor& bias) {
    return at::conv2d(padded(op, x), weight, bias, op.stride_, op.padding_, op.dilation_, op.groups_);
  }

  static at::Tensor conv1d(const WeightedOp& op, const at::Tensor& x, const at::Tensor& weight,
                           const at::Tensor& bias) {
    return conv2d(op, x, weight.unsqueeze(2), bias);
  }

  static at::Tensor conv_transpose2d(const WeightedOp& op, const at::Tensor& x, const at::Tensor& weight,
                                     const at::Tensor& bias) {
    return at::conv_transpose2d(x, weight, bias, op.stride_, op.padding_, op.output_padding_, op.groups_, op.dilation_);
  }

  static at::Tensor linear(const WeightedOp&, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    return at::linear(x, weight, bias);
  }

  static WeightedOp::Run find(std::string_view type) {
    static constexpr std::array<std::pair<std::string_view, WeightedOp::Run>, 4> kRows = {
        {{"conv2d", conv2d}, {"conv1d", conv1d}, {"conv_transpose2d", conv_transpose2d}, {"linear", linear}}};
    const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const auto& entry) { return entry.first == type; });
    DSNN_ASSERT(row != kRows.end() && "LibTorch runs every weighted layer of the op table");
    return row->second;
  }

  /// [h, w] of a pair, or [1, n] of the number of a one-dimensional layer.
  static Ints extent(const Attributes& a, const std::string& key, int64_t line) {
    if (!a.has(key)) return {line, line};
    if (const int64_t* one = std::get_if<int64_t>(&a.items().at(key))) return {line, *one};
    return a.integers(key);
  }

  /// [top, bottom, left, right] of any layer type.
  static Ints sides(const Attributes& a) {
    const Ints given = a.integers("padding");
    return given.size() == 4 ? given : Ints{0, 0, given[0], given[1]};
  }

  static void set_padding(WeightedOp& op, const Attributes& a) {
    op.padding_ = {0, 0};
    if (!a.has("padding")) return;
    if (!a.has("padding_mode")) {
      op.padding_ = a.integers("padding");
      return;
    }
    const Ints s = sides(a);
    const std::string& mode = a.text("padding_mode");
    if (mode == "zeros" && s[0] == s[1] && s[2] == s[3]) {
      op.padding_ = {s[0], s[2]};
      return;
    }
    op.outer_ = {s[2], s[3], s[0], s[1]};
    op.outer_mode_ = mode == "zeros" ? "constant" : mode;
  }
};

WeightedOp::WeightedOp(const LayerSpec& layer) {
  const Op* row = layer_op(layer);
  DSNN_ASSERT(row != nullptr && row->weight != nullptr);
  const Attributes a = completed(*row, layer.attributes);
  run_ = WeightedOpRows::find(row->name);
  weight_shape_ = row->weight(a);
  has_bias_ = a.integer("bias") != 0;
  outputs_ = a.integer("out");
  groups_ = a.integer("groups", 1);
  stride_ = WeightedOpRows::extent(a, "stride", 1);
  dilation_ = WeightedOpRows::extent(a, "dilation", 1);
  output_padding_ = WeightedOpRows::extent(a, "output_padding", 0);
  WeightedOpRows::set_padding(*this, a);
}

at::Tensor WeightedOp::operator()(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) const {
  return run_(*this, x, weight, bias);
}

double WeightedOp::start_bound() const {
  double fan_in = 1;
  for (size_t i = 1; i < weight_shape_.size(); ++i) fan_in *= static_cast<double>(weight_shape_[i]);
  return 1.0 / std::sqrt(fan_in);
}

}  // namespace dsnn
