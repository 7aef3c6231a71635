#include "layer.h"

#include <ATen/core/grad_mode.h>

#include <cmath>

#include "dsnn/log.h"
#include "rounding.h"

namespace dsnn::deepshift {
ShiftLayer::ShiftLayer(const LayerSpec& spec, const Rng& rng)
    : name_(spec.name), options_(Options::from(spec.attributes)), op_(spec) {
  weight_ = make_weight(name_, options_, op_, rng);
  if (!op_.has_bias()) return;
  bias_ = uniform_leaf({op_.outputs()}, -op_.start_bound(), op_.start_bound(), rng.fork("bias"));
  bias_.set_requires_grad(true);
}

at::Tensor ShiftLayer::forward(std::span<const at::Tensor> in, const StepContext& step) {
  const FixedPoint& format = options_.fixed_point;
  const at::Tensor x = format.enabled && options_.round_input ? round_fixed_point(in[0], format) : in[0];
  const bool rounds_bias = bias_.defined() && format.enabled && options_.round_bias;
  const at::Tensor bias = rounds_bias ? round_fixed_point(bias_, format) : bias_;
  return op_(x, weight_->effective(step), bias);
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
