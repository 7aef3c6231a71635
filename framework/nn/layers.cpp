#include "nn/layers.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <stdexcept>

#include "nn/pair.h"

namespace dsnn::nn {
namespace {

using Ints = std::vector<int64_t>;

/// A leaf that requires grad, with values in [-bound, bound).
at::Tensor uniform_parameter(const Ints& shape, double bound, Rng rng) {
  at::Tensor out = at::empty(shape, at::kFloat);
  float* data = out.mutable_data_ptr<float>();
  const int64_t count = out.numel();
  for (int64_t i = 0; i < count; ++i) data[i] = static_cast<float>(rng.uniform(-bound, bound));
  return out.set_requires_grad(true);
}

/// What convolutions and linear layers share: a weight and an optional bias.
class WeightedLayer : public Layer {
 public:
  WeightedLayer(const Ints& weight_shape, bool with_bias, const Rng& rng) {
    int64_t fan_in = 1;
    for (size_t i = 1; i < weight_shape.size(); ++i) fan_in *= weight_shape[i];
    const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
    weight_ = uniform_parameter(weight_shape, bound, rng.fork("weight"));
    if (with_bias) bias_ = uniform_parameter({weight_shape[0]}, bound, rng.fork("bias"));
  }

  std::vector<LayerParameter> parameters() override {
    std::vector<LayerParameter> out = {{"weight", weight_, Role::weight}};
    if (bias_.defined()) out.push_back({"bias", bias_, Role::bias});
    return out;
  }
  std::vector<NamedTensor> buffers() override { return {}; }

 protected:
  at::Tensor weight_, bias_;
};

class Conv2d : public WeightedLayer {
 public:
  Conv2d(const Attributes& a, const Rng& rng)
      : WeightedLayer(weight_shape(a), a.integer("bias") != 0, rng),
        stride_(pair_of(a, "stride", 1)),
        padding_(pair_of(a, "padding", 0)),
        dilation_(pair_of(a, "dilation", 1)),
        groups_(a.integer("groups", 1)) {}

  at::Tensor forward(std::span<const at::Tensor> in, const StepContext&) override {
    return at::conv2d(in[0], weight_, bias_, stride_, padding_, dilation_, groups_);
  }

 private:
  static Ints weight_shape(const Attributes& a) {
    const Ints kernel = pair_of(a, "kernel", 1);
    return {a.integer("out"), a.integer("in") / a.integer("groups", 1), kernel[0], kernel[1]};
  }

  Ints stride_, padding_, dilation_;
  int64_t groups_;
};

class Linear : public WeightedLayer {
 public:
  Linear(const Attributes& a, const Rng& rng)
      : WeightedLayer({a.integer("out"), a.integer("in")}, a.integer("bias") != 0, rng) {}

  at::Tensor forward(std::span<const at::Tensor> in, const StepContext&) override {
    return at::linear(in[0], weight_, bias_);
  }
};

class BatchNorm : public Layer {
 public:
  explicit BatchNorm(const Attributes& a) : eps_(a.number("eps")), momentum_(a.number("momentum")) {
    const int64_t channels = a.integer("channels");
    weight_ = at::ones({channels}, at::kFloat).set_requires_grad(true);
    bias_ = at::zeros({channels}, at::kFloat).set_requires_grad(true);
    mean_ = at::zeros({channels}, at::kFloat);
    variance_ = at::ones({channels}, at::kFloat);
    batches_ = at::zeros({}, at::kLong);
  }

  at::Tensor forward(std::span<const at::Tensor> in, const StepContext& step) override {
    if (step.training) batches_.add_(1);
    return at::batch_norm(in[0], weight_, bias_, mean_, variance_, step.training, momentum_, eps_, true);
  }

  std::vector<LayerParameter> parameters() override {
    return {{"weight", weight_, Role::norm}, {"bias", bias_, Role::norm}};
  }
  std::vector<NamedTensor> buffers() override {
    return {{"running_mean", mean_}, {"running_var", variance_}, {"num_batches_tracked", batches_}};
  }

 private:
  at::Tensor weight_, bias_, mean_, variance_, batches_;
  double eps_, momentum_;
};

}  // namespace

std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const Rng& rng) {
  if (spec.type == "conv2d") return std::make_unique<Conv2d>(spec.attributes, rng);
  if (spec.type == "linear") return std::make_unique<Linear>(spec.attributes, rng);
  if (spec.type == "batch_norm") return std::make_unique<BatchNorm>(spec.attributes);
  throw std::invalid_argument(
      "layer '" + spec.name + "' is of type '" + spec.type +
      "', which the framework does not make; expected conv2d, linear, batch_norm or an operator");
}

}  // namespace dsnn::nn
