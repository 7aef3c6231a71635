#include "nn/layers.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/prelu.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "dsnn/error.h"
#include "dsnn/op_table.h"
#include "dsnn/weighted_op.h"

namespace dsnn::nn {
namespace {

/// A leaf that requires grad, with values in [-bound, bound).
at::Tensor uniform_parameter(const Shape& shape, double bound, Rng rng) {
  at::Tensor out = at::empty(shape, at::kFloat);
  float* data = out.mutable_data_ptr<float>();
  const int64_t count = out.numel();
  for (int64_t i = 0; i < count; ++i) data[i] = static_cast<float>(rng.uniform(-bound, bound));
  return out.set_requires_grad(true);
}

/// A convolution or linear map: its type says which.
class Weighted : public Layer {
 public:
  Weighted(const LayerSpec& spec, const Rng& rng) : op_(spec) {
    weight_ = uniform_parameter(op_.weight_shape(), op_.start_bound(), rng.fork("weight"));
    if (op_.has_bias()) bias_ = uniform_parameter({op_.outputs()}, op_.start_bound(), rng.fork("bias"));
  }

  at::Tensor forward(std::span<const at::Tensor> in, const StepContext&) override { return op_(in[0], weight_, bias_); }
  std::vector<LayerParameter> parameters() override {
    std::vector<LayerParameter> out = {{"weight", weight_, Role::weight}};
    if (bias_.defined()) out.push_back({"bias", bias_, Role::bias});
    return out;
  }
  std::vector<NamedTensor> buffers() override { return {}; }

 private:
  WeightedOp op_;
  at::Tensor weight_, bias_;
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

/// x for positive values, a learnt slope times x for the others (He et al. 2015).
class Prelu : public Layer {
 public:
  explicit Prelu(const Attributes& a)
      : slope_(at::full({a.integer("channels")}, 0.25, at::kFloat).set_requires_grad(true)) {}

  at::Tensor forward(std::span<const at::Tensor> in, const StepContext&) override { return at::prelu(in[0], slope_); }
  std::vector<LayerParameter> parameters() override { return {{"weight", slope_, Role::weight}}; }
  std::vector<NamedTensor> buffers() override { return {}; }

 private:
  at::Tensor slope_;
};

using Make = std::unique_ptr<Layer> (*)(const LayerSpec& spec, const Rng& rng);
std::unique_ptr<Layer> weighted(const LayerSpec& spec, const Rng& rng) { return std::make_unique<Weighted>(spec, rng); }

constexpr std::array<std::pair<std::string_view, Make>, 6> kRows = {{
    {"conv2d", weighted},
    {"conv1d", weighted},
    {"conv_transpose2d", weighted},
    {"linear", weighted},
    {"batch_norm",
     [](const LayerSpec& spec, const Rng&) -> std::unique_ptr<Layer> {
       return std::make_unique<BatchNorm>(spec.attributes);
     }},
    {"prelu",
     [](const LayerSpec& spec, const Rng&) -> std::unique_ptr<Layer> {
       return std::make_unique<Prelu>(spec.attributes);
     }},
}};

Make find(std::string_view type) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const auto& entry) { return entry.first == type; });
  return row == kRows.end() ? nullptr : row->second;
}

bool covers_the_op_table() {
  return std::all_of(op_table().begin(), op_table().end(),
                     [](const Op& op) { return op.kind != Op::Kind::layer || find(op.name) != nullptr; });
}

std::string known_types() {
  std::string out;
  for (const auto& [name, make] : kRows) out += std::string(name) + ", ";
  return out;
}

}  // namespace

std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const Rng& rng) {
  static const bool covered = covers_the_op_table();
  DSNN_ASSERT(covered && "LibTorch makes every layer of the op table");
  if (const Make make = find(spec.type)) return make(spec, rng);
  throw std::invalid_argument("layer '" + spec.name + "' is of type '" + spec.type +
                              "', which the framework does not make; expected " + known_types() + "or an operator");
}

}  // namespace dsnn::nn
