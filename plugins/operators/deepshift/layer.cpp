#include "layer.h"

#include <ATen/core/grad_mode.h>

#include <cmath>

#include "rounding.h"

namespace dsnn::deepshift {
namespace {

at::Tensor rounded_bias(const at::Tensor& bias, const Options& options) {
  const bool rounds = bias.defined() && options.fixed_point.enabled && options.round_bias;
  return rounds ? round_fixed_point(bias, options.fixed_point) : bias;
}

}  // namespace

ShiftLayer::ShiftLayer(const LayerSpec& spec, OwnTensors& own)
    : options_(Options::from(spec.attributes)), op_(spec), weight_(make_weight(spec.name, options_, op_, own)) {
  if (op_.has_bias()) bias_ = own.parameter("bias", {op_.outputs()});
}

at::Tensor ShiftLayer::forward(std::span<const at::Tensor> in, const StepContext& step) {
  const FixedPoint& format = options_.fixed_point;
  const at::Tensor x = format.enabled && options_.round_input ? round_fixed_point(in[0], format) : in[0];
  return op_(x, weight_->effective(step), rounded_bias(bias_, options_));
}

std::vector<LayerParameter> ShiftLayer::parameters() {
  std::vector<LayerParameter> out = weight_->parameters();
  if (bias_.defined()) out.push_back({"bias", bias_, Role::bias});
  return out;
}

Converted convert(const std::string& layer, const LayerSpec& made, const Tensors& source, const Rng& rng) {
  const at::NoGradGuard no_grad;
  const Options options = Options::from(made.attributes);
  const WeightedOp op(made);
  Converted out{.tensors = convert_weight(options, op, source.at("weight"), rng), .warnings = {}};
  if (op.has_bias()) {
    const auto found = source.find("bias");
    at::Tensor bias = found != source.end()
                          ? found->second.detach().clone()
                          : uniform({op.outputs()}, -op.start_bound(), op.start_bound(), rng.fork("bias"));
    // The original rounds a Q bias here even where its forward pass does not; legacy_clamp marks that preset.
    const bool round = options.round_bias || options.fixed_point.legacy_clamp;
    if (found != source.end() && options.method == Method::q && options.fixed_point.enabled && round)
      bias = round_fixed_point(bias, options.fixed_point);
    out.tensors["bias"] = bias;
  }
  const double on_floor = floor_fraction(options, out.tensors);
  if (on_floor > 0.5) {
    out.warnings.push_back("deepshift: " + std::to_string(std::lround(100 * on_floor)) + " % of the shifts of layer '" +
                           layer + "' lie on the lowest value 2^" + std::to_string(options.lowest()) +
                           " after conversion; more weight_bits keep more of the float network");
  }
  return out;
}

Tensors effective(const LayerSpec& layer, const Tensors& own) {
  const at::NoGradGuard no_grad;
  const Options options = Options::from(layer.attributes);
  Tensors out = {{"weight", effective_weight(options, own)}};
  if (const auto bias = own.find("bias"); bias != own.end()) out["bias"] = rounded_bias(bias->second, options);
  return out;
}

}  // namespace dsnn::deepshift
