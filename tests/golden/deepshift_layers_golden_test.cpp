#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <iostream>

#include "golden/golden_file.h"
#include "golden/shift_cases.h"
#include "kernels/quantize/quantize.h"

namespace dsnn {
namespace {

constexpr double kTolerance = 1e-5;  // of the largest absolute value

LayerSpec spec_of(const Value& expected) {
  const Value& a = expected.at("attributes");
  LayerSpec spec;
  spec.name = "layer";
  spec.type = expected.at("layer").string() == "linear" || a.find("in_features") != nullptr ? "linear" : "conv2d";
  spec.attributes.set("bias", int64_t{a.at("bias").boolean() ? 1 : 0});
  if (spec.type == "linear") {
    spec.attributes.set("in", a.at("in_features").integer()).set("out", a.at("out_features").integer());
    return spec;
  }
  const auto integers = [&](const char* key) {
    std::vector<int64_t> out;
    for (const Value& item : a.at(key).items()) out.push_back(item.integer());
    return out;
  };
  spec.attributes.set("in", a.at("in_channels").integer()).set("out", a.at("out_channels").integer());
  spec.attributes.set("kernel", integers("kernel_size"))
      .set("stride", integers("stride"))
      .set("padding", integers("padding"));
  spec.attributes.set("dilation", integers("dilation")).set("groups", a.at("groups").integer());
  return spec;
}

class LayerCase {
 public:
  LayerCase(const Value& expected, const Tensors& tensors) : expected_(expected), tensors_(tensors) {}

  at::Tensor recorded(const std::string& role) const {
    const Value* key = expected_.at("tensors").find(role);
    return key == nullptr ? at::Tensor() : tensors_.at(key->string());
  }

  void check(const std::string& role, const at::Tensor& got, double tolerance) const {
    const at::Tensor reference = recorded(role);
    if (!reference.defined()) return;
    ASSERT_TRUE(got.defined()) << role;
    EXPECT_LE(golden::largest_difference(got, reference), tolerance * golden::largest_absolute(reference)) << role;
  }

  void run(const Operator& op, at::ScalarType type) const {
    LayerSpec spec = op.expand(spec_of(expected_), nullptr, {}).layers.at(0);
    spec.name = "layer";
    Tensors tensors;
    for (const char* name : {"weight", "shift", "sign", "bias"}) {
      if (recorded(name).defined()) tensors[name] = recorded(name).to(type);
    }
    OwnTensors own("layer", tensors);
    const std::unique_ptr<Layer> layer = op.make(spec, own);
    const at::Tensor input = recorded("input").to(type).clone().set_requires_grad(true);
    const at::Tensor output = layer->forward(std::vector<at::Tensor>{input}, {.training = true});
    output.backward(recorded("grad_output").to(type));
    check("output", output, kTolerance);
    check("grad_input", input.grad(), kTolerance);
    for (const LayerParameter& p : layer->parameters()) {
      check("grad_" + p.name, p.tensor.grad(), kTolerance);
      check(p.name + "_after", p.tensor, 0);
    }
  }

  void check_effective_weight(const std::string& method, int64_t weight_bits) const {
    const bool q = method == "q";
    const int lowest = -((1 << (weight_bits - 1)) - (q ? 1 : 2));
    const at::Tensor source = recorded(q ? "weight" : "shift").clone();
    const at::Tensor effective = at::empty_like(source);
    if (q) {
      kernels::quantize_q(source.mutable_data_ptr<float>(), effective.mutable_data_ptr<float>(), source.numel(),
                          lowest);
    } else {
      const at::Tensor sign = recorded("sign").contiguous();
      kernels::quantize_ps(source.mutable_data_ptr<float>(), sign.const_data_ptr<float>(),
                           effective.mutable_data_ptr<float>(), source.numel(), lowest);
    }
    check("weight_effective", effective, 0);
    check(q ? "weight_after" : "shift_after", source, 0);
  }

 private:
  const Value& expected_;
  const Tensors& tensors_;
};

TEST(DeepShiftGolden, LayersMatchTheOriginalForwardAndBackward) {
  DSNN_REQUIRE_GOLDEN("deepshift_layers");
  const Tensors tensors = golden::read_tensors("deepshift_layers");
  golden::check_shift_cases("deepshift_layers", golden::read_index("deepshift_layers").at("cases"),
                            [&](const Value& expected, const std::string& method, const Operator& op) {
                              const LayerCase layer_case(expected, tensors);
                              layer_case.run(op, at::kFloat);
                              layer_case.run(op, at::kDouble);
                              layer_case.check_effective_weight(method,
                                                                expected.at("attributes").at("weight_bits").integer());
                            });
}

}  // namespace
}  // namespace dsnn
