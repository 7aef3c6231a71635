#include "weight.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <cmath>

#include "rounding.h"

namespace dsnn::deepshift {
namespace {

double mean(const at::Tensor& condition) { return condition.to(at::kDouble).mean().item().toDouble(); }

double floor_of_q(const at::Tensor& weight, int lowest) { return mean(weight.abs().le(std::exp2(lowest + 0.5))); }
double floor_of_ps(const at::Tensor& shift, int lowest) { return mean(shift.le(lowest + 0.5)); }

/// DeepShift-Q: an ordinary weight, rounded to a power of two on its way.
class QWeight : public ShiftWeight {
 public:
  QWeight(const std::string& name, const Options& options, const WeightedOp& op, OwnTensors& own)
      : ShiftWeight(name, options), weight_(own.parameter("weight", op.weight_shape())) {}

  std::vector<LayerParameter> parameters() override { return {{"weight", weight_, Role::weight}}; }
  std::vector<Metric> diagnostics() const override {
    return {{"floor_fraction", floor_of_q(weight_.detach(), options_.lowest())}};
  }

 protected:
  at::Tensor quantized(const StepContext& step, bool random) override {
    const at::Tensor draws = random ? uniform_like(weight_, stream("weight", step)) : at::Tensor();
    return project_and_quantize_q(weight_, options_.lowest(), draws);
  }
  at::Tensor attached(const at::Tensor& quantized) override { return straight_through(weight_, quantized); }

 private:
  at::Tensor weight_;
};

/// DeepShift-PS: shift and sign are parameters of their own; a frozen sign is a buffer.
class PsWeight : public ShiftWeight {
 public:
  PsWeight(const std::string& name, const Options& options, const WeightedOp& op, OwnTensors& own)
      : ShiftWeight(name, options),
        shift_(own.parameter("shift", op.weight_shape())),
        sign_(options.freeze_sign ? own.buffer("sign", op.weight_shape()) : own.parameter("sign", op.weight_shape())) {}

  std::vector<LayerParameter> parameters() override {
    std::vector<LayerParameter> out = {{"shift", shift_, Role::shift}};
    if (!options_.freeze_sign) out.push_back({"sign", sign_, Role::sign});
    return out;
  }
  std::vector<NamedTensor> buffers() override {
    return options_.freeze_sign ? std::vector<NamedTensor>{{"sign", sign_}} : std::vector<NamedTensor>{};
  }

  /// L2 of 2^shift on the raw shift, whatever the sign.
  at::Tensor penalty(double weight_decay) override { return shift_.mul(2.0).exp2().sum().mul(0.5 * weight_decay); }

  std::vector<Metric> diagnostics() const override {
    return {{"zero_sign_fraction", mean(sign_.detach().abs().le(0.5))},
            {"floor_fraction", floor_of_ps(shift_.detach(), options_.lowest())}};
  }

 protected:
  at::Tensor quantized(const StepContext& step, bool random) override {
    if (!random) return project_and_quantize_ps(shift_, sign_, options_.lowest(), {}, {});
    return project_and_quantize_ps(shift_, sign_, options_.lowest(), uniform_like(shift_, stream("shift", step)),
                                   uniform_like(sign_, stream("sign", step)));
  }
  at::Tensor attached(const at::Tensor& quantized) override { return attach_ps(shift_, sign_, quantized); }

 private:
  at::Tensor shift_, sign_;
};

}  // namespace

ShiftWeight::~ShiftWeight() = default;

at::Tensor ShiftWeight::penalty(double) { return {}; }

at::Tensor ShiftWeight::effective(const StepContext& step) {
  const bool random = options_.stochastic && (step.training || options_.stochastic_in_eval);
  if (step.training || random || at::GradMode::is_enabled()) {
    cached_ = at::Tensor();
    return attached(quantized(step, random));
  }
  if (!cached_.defined() || stamp() != cached_stamp_) {
    cached_ = quantized(step, false);
    cached_stamp_ = stamp();
  }
  return cached_;
}

Rng ShiftWeight::stream(const char* purpose, const StepContext& step) const {
  return Rng(step.seed).fork(name_ + "." + purpose, static_cast<uint64_t>(step.step));
}

std::vector<std::pair<const void*, uint32_t>> ShiftWeight::stamp() {
  std::vector<std::pair<const void*, uint32_t>> out;
  const auto add = [&out](const at::Tensor& t) {
    out.emplace_back(t.const_data_ptr(), static_cast<uint32_t>(t._version()));
  };
  for (const LayerParameter& p : parameters()) add(p.tensor);
  for (const NamedTensor& b : buffers()) add(b.tensor);
  return out;
}

at::Tensor uniform(const std::vector<int64_t>& shape, double lo, double hi, Rng rng) {
  at::Tensor out = at::empty(shape, at::kFloat);
  float* data = out.mutable_data_ptr<float>();
  const int64_t count = out.numel();
  for (int64_t i = 0; i < count; ++i) data[i] = static_cast<float>(rng.uniform(lo, hi));
  return out;
}

std::unique_ptr<ShiftWeight> make_weight(const std::string& name, const Options& options, const WeightedOp& op,
                                         OwnTensors& own) {
  if (options.method == Method::q) return std::make_unique<QWeight>(name, options, op, own);
  return std::make_unique<PsWeight>(name, options, op, own);
}

Tensors convert_weight(const Options& options, const WeightedOp& op, const at::Tensor& weight, const Rng& rng) {
  if (options.method == Method::q) return {{"weight", weight.detach().clone()}};
  const Shape& shape = op.weight_shape();
  if (options.init == Init::random) {
    const bool convolution = shape.size() > 2;
    return {
        {"shift", uniform(shape, convolution ? -10.0 : options.lowest(), convolution ? -1.0 : 0.0, rng.fork("shift"))},
        {"sign", uniform(shape, -1.0, 1.0, rng.fork("sign"))}};
  }
  const at::Tensor shift = at::empty_like(weight), sign = at::empty_like(weight);
  split_weight(weight, shift, sign);
  return {{"shift", shift}, {"sign", sign}};
}

double floor_fraction(const Options& options, const Tensors& own) {
  return options.method == Method::q ? floor_of_q(own.at("weight"), options.lowest())
                                     : floor_of_ps(own.at("shift"), options.lowest());
}

at::Tensor effective_weight(const Options& options, const Tensors& own) {
  // The passes project in place, so they get copies.
  if (options.method == Method::q) return project_and_quantize_q(own.at("weight").clone(), options.lowest(), {});
  return project_and_quantize_ps(own.at("shift").clone(), own.at("sign").clone(), options.lowest(), {}, {});
}

}  // namespace dsnn::deepshift
