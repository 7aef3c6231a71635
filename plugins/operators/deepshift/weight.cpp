#include "weight.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cmath>

#include "rounding.h"

namespace dsnn::deepshift {
namespace {

double mean(const at::Tensor& condition) { return condition.to(at::kDouble).mean().item().toDouble(); }

/// PyTorch's default start of a weight.
at::Tensor default_weight(const WeightedOp& op, const Rng& rng) {
  return uniform_leaf(op.weight_shape(), -op.start_bound(), op.start_bound(), rng.fork("weight"));
}

/// DeepShift-Q: an ordinary weight, rounded to a power of two on its way.
class QWeight : public ShiftWeight {
 public:
  QWeight(const std::string& name, const Options& options, const WeightedOp& op, const Rng& rng)
      : ShiftWeight(name, options), weight_(default_weight(op, rng)) {
    weight_.set_requires_grad(true);
  }

  std::vector<LayerParameter> parameters() override { return {{"weight", weight_, Role::weight}}; }

  void convert(const at::Tensor& weight) override {
    const at::NoGradGuard no_grad;
    weight_.copy_(weight);
  }

  double floor_fraction() const override { return mean(weight_.detach().abs().le(std::exp2(options_.lowest() + 0.5))); }
  std::vector<Metric> diagnostics() const override { return {{"floor_fraction", floor_fraction()}}; }

 protected:
  at::Tensor quantized(const StepContext& step, bool random) override {
    const at::Tensor draws = random ? uniform_like(weight_, stream("weight", step)) : at::Tensor();
    return project_and_quantize_q(weight_, options_.lowest(), draws);
  }
  at::Tensor attached(const at::Tensor& quantized) override { return straight_through(weight_, quantized); }

 private:
  at::Tensor weight_;
};

/// DeepShift-PS: shift and sign are parameters of their own.
class PsWeight : public ShiftWeight {
 public:
  PsWeight(const std::string& name, const Options& options, const WeightedOp& op, const Rng& rng)
      : ShiftWeight(name, options) {
    const Shape& shape = op.weight_shape();
    const bool convolution = shape.size() > 2;
    shift_ = uniform_leaf(shape, convolution ? -10.0 : options.lowest(), convolution ? -1.0 : 0.0, rng.fork("shift"));
    sign_ = uniform_leaf(shape, -1.0, 1.0, rng.fork("sign"));
    if (options.init == Init::converted) split_weight(default_weight(op, rng), shift_, sign_);
    shift_.set_requires_grad(true);
    sign_.set_requires_grad(!options.freeze_sign);
  }

  std::vector<LayerParameter> parameters() override {
    std::vector<LayerParameter> out = {{"shift", shift_, Role::shift}};
    if (!options_.freeze_sign) out.push_back({"sign", sign_, Role::sign});
    return out;
  }
  std::vector<NamedTensor> buffers() override {
    return options_.freeze_sign ? std::vector<NamedTensor>{{"sign", sign_}} : std::vector<NamedTensor>{};
  }

  /// With `init: random` the drawn parameters stay.
  void convert(const at::Tensor& weight) override {
    if (options_.init == Init::converted) split_weight(weight, shift_, sign_);
  }

  /// L2 of 2^shift on the raw shift, whatever the sign.
  at::Tensor penalty(double weight_decay) override { return shift_.mul(2.0).exp2().sum().mul(0.5 * weight_decay); }

  double floor_fraction() const override { return mean(shift_.detach().le(options_.lowest() + 0.5)); }
  std::vector<Metric> diagnostics() const override {
    return {{"zero_sign_fraction", mean(sign_.detach().abs().le(0.5))}, {"floor_fraction", floor_fraction()}};
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

at::Tensor uniform_leaf(const std::vector<int64_t>& shape, double lo, double hi, Rng rng) {
  at::Tensor out = at::empty(shape, at::kFloat);
  float* data = out.mutable_data_ptr<float>();
  const int64_t count = out.numel();
  for (int64_t i = 0; i < count; ++i) data[i] = static_cast<float>(rng.uniform(lo, hi));
  return out;
}

std::unique_ptr<ShiftWeight> make_weight(const std::string& name, const Options& options, const WeightedOp& op,
                                         const Rng& rng) {
  if (options.method == Method::q) return std::make_unique<QWeight>(name, options, op, rng);
  return std::make_unique<PsWeight>(name, options, op, rng);
}

}  // namespace dsnn::deepshift
