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

/// Values in [-bound, bound).
at::Tensor uniform(const Shape& shape, double bound, Rng rng) {
  at::Tensor out = at::empty(shape, at::kFloat);
  float* data = out.mutable_data_ptr<float>();
  const int64_t count = out.numel();
  for (int64_t i = 0; i < count; ++i) data[i] = static_cast<float>(rng.uniform(-bound, bound));
  return out;
}

/// A convolution or linear map: its type says which.
class Weighted : public Layer {
 public:
  Weighted(const LayerSpec& spec, OwnTensors& own) : op_(spec), weight_(own.parameter("weight", op_.weight_shape())) {
    if (op_.has_bias()) bias_ = own.parameter("bias", {op_.outputs()});
  }

  static Tensors start(const LayerSpec& spec, const Rng& rng) {
    const WeightedOp op(spec);
    Tensors out = {{"weight", uniform(op.weight_shape(), op.start_bound(), rng.fork("weight"))}};
    if (op.has_bias()) out["bias"] = uniform({op.outputs()}, op.start_bound(), rng.fork("bias"));
    return out;
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
  BatchNorm(const LayerSpec& spec, OwnTensors& own)
      : eps_(spec.attributes.number("eps")), momentum_(spec.attributes.number("momentum")) {
    const Shape channels = {spec.attributes.integer("channels")};
    weight_ = own.parameter("weight", channels);
    bias_ = own.parameter("bias", channels);
    mean_ = own.buffer("running_mean", channels);
    variance_ = own.buffer("running_var", channels);
    batches_ = own.buffer("num_batches_tracked", {});
  }

  static Tensors start(const LayerSpec& spec, const Rng&) {
    const Shape channels = {spec.attributes.integer("channels")};
    return {{"weight", at::ones(channels, at::kFloat)},
            {"bias", at::zeros(channels, at::kFloat)},
            {"running_mean", at::zeros(channels, at::kFloat)},
            {"running_var", at::ones(channels, at::kFloat)},
            {"num_batches_tracked", at::zeros({}, at::kLong)}};
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
  Prelu(const LayerSpec& spec, OwnTensors& own)
      : slope_(own.parameter("weight", {spec.attributes.integer("channels")})) {}

  static Tensors start(const LayerSpec& spec, const Rng&) {
    return {{"weight", at::full({spec.attributes.integer("channels")}, 0.25, at::kFloat)}};
  }

  at::Tensor forward(std::span<const at::Tensor> in, const StepContext&) override { return at::prelu(in[0], slope_); }
  std::vector<LayerParameter> parameters() override { return {{"weight", slope_, Role::weight}}; }
  std::vector<NamedTensor> buffers() override { return {}; }

 private:
  at::Tensor slope_;
};

/// How LibTorch starts and makes the layers of one type.
struct Row {
  std::string_view type;
  Tensors (*start)(const LayerSpec& spec, const Rng& rng);
  std::unique_ptr<Layer> (*make)(const LayerSpec& spec, OwnTensors& own);
};

template <class Made>
constexpr Row row(std::string_view type) {
  return {type, Made::start, [](const LayerSpec& spec, OwnTensors& own) -> std::unique_ptr<Layer> {
            return std::make_unique<Made>(spec, own);
          }};
}

constexpr std::array kRows = {row<Weighted>("conv2d"), row<Weighted>("conv1d"),      row<Weighted>("conv_transpose2d"),
                              row<Weighted>("linear"), row<BatchNorm>("batch_norm"), row<Prelu>("prelu")};

const Row* find(std::string_view type) {
  const auto* found = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.type == type; });
  return found == kRows.end() ? nullptr : found;
}

bool covers_the_op_table() {
  return std::all_of(op_table().begin(), op_table().end(),
                     [](const Op& op) { return op.kind != Op::Kind::layer || find(op.name) != nullptr; });
}

const Row& row_of(const LayerSpec& spec) {
  static const bool covered = covers_the_op_table();
  DSNN_ASSERT(covered && "LibTorch makes every layer of the op table");
  if (const Row* found = find(spec.type)) return *found;
  std::string known;
  for (const Row& r : kRows) known += std::string(r.type) + ", ";
  throw std::invalid_argument("layer '" + spec.name + "' is of type '" + spec.type +
                              "', which the framework does not make; expected " + known + "or an operator");
}

}  // namespace

Tensors start_layer(const LayerSpec& spec, const Rng& rng) { return row_of(spec).start(spec, rng); }

std::unique_ptr<Layer> make_layer(const LayerSpec& spec, OwnTensors& own) { return row_of(spec).make(spec, own); }

}  // namespace dsnn::nn
