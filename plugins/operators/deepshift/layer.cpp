#include "layer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/pad.h>

#include <cmath>

#include "dsnn/log.h"
#include "rounding.h"

namespace dsnn::deepshift {
namespace {

std::vector<int64_t> pair(const Attributes& attributes, const std::string& key, int64_t fallback) {
  const auto found = attributes.items().find(key);
  if (found == attributes.items().end()) return {fallback, fallback};
  if (const int64_t* both = std::get_if<int64_t>(&found->second)) return {*both, *both};
  return attributes.integers(key);
}

std::vector<int64_t> weight_shape(const Attributes& a, bool linear) {
  if (linear) return {a.integer("out"), a.integer("in")};
  const std::vector<int64_t> kernel = pair(a, "kernel", 1);
  return {a.integer("out"), a.integer("in") / a.integer("groups", 1), kernel[0], kernel[1]};
}

}  // namespace

ShiftLayer::ShiftLayer(const LayerSpec& spec, const Rng& rng)
    : name_(spec.name), options_(Options::from(spec.attributes)), linear_(spec.type.ends_with("linear")) {
  const Attributes& a = spec.attributes;
  const std::vector<int64_t> shape = weight_shape(a, linear_);
  weight_ = make_weight(name_, options_, shape, rng);
  if (a.integer("bias") != 0) {
    double fan_in = 1;
    for (size_t i = 1; i < shape.size(); ++i) fan_in *= static_cast<double>(shape[i]);
    const double bound = 1.0 / std::sqrt(fan_in);
    bias_ = uniform_leaf({shape[0]}, -bound, bound, rng.fork("bias")).set_requires_grad(true);
  }
  if (linear_) return;
  stride_ = pair(a, "stride", 1);
  padding_ = pair(a, "padding", 0);
  dilation_ = pair(a, "dilation", 1);
  groups_ = a.integer("groups", 1);
  padding_mode_ = a.text("padding_mode", "zeros");
}

at::Tensor ShiftLayer::forward(std::span<const at::Tensor> in, const StepContext& step) {
  const FixedPoint& format = options_.fixed_point;
  const at::Tensor x = format.enabled && options_.round_input ? round_fixed_point(in[0], format) : in[0];
  const bool rounds_bias = bias_.defined() && format.enabled && options_.round_bias;
  const at::Tensor bias = rounds_bias ? round_fixed_point(bias_, format) : bias_;
  const at::Tensor weight = weight_->effective(step);
  return linear_ ? at::linear(x, weight, bias) : convolve(x, weight, bias);
}

at::Tensor ShiftLayer::convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) const {
  if (padding_mode_ == "zeros") return at::conv2d(x, weight, bias, stride_, padding_, dilation_, groups_);
  const std::vector<int64_t> sides = {padding_[1], padding_[1], padding_[0], padding_[0]};
  const std::vector<int64_t> none = {0, 0};
  return at::conv2d(at::pad(x, sides, padding_mode_), weight, bias, stride_, none, dilation_, groups_);
}

std::vector<LayerParameter> ShiftLayer::parameters() {
  std::vector<LayerParameter> out = weight_->parameters();
  if (bias_.defined()) out.push_back({"bias", bias_, Role::bias});
  return out;
}

std::vector<std::string> ShiftLayer::convert(const Tensors& source) {
  const at::NoGradGuard no_grad;
  weight_->convert(source.at("weight"));
  if (bias_.defined() && source.count("bias") != 0) {
    bias_.copy_(source.at("bias"));
    // The original rounds a Q bias here even where its forward pass does not; legacy_clamp marks that preset.
    const bool round = options_.round_bias || options_.fixed_point.legacy_clamp;
    if (options_.method == Method::q && options_.fixed_point.enabled && round)
      bias_.copy_(round_fixed_point(bias_, options_.fixed_point));
  }
  const double on_floor = weight_->floor_fraction();
  if (on_floor <= 0.5) return {};
  return {"deepshift: " + std::to_string(std::lround(100 * on_floor)) + " % of the shifts of layer '" + name_ +
          "' lie on the lowest value 2^" + std::to_string(options_.lowest()) +
          " after conversion; more weight_bits keep more of the float network"};
}

}  // namespace dsnn::deepshift
