#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <iostream>

#include "golden/golden_file.h"
#include "golden/shift_cases.h"

namespace dsnn {
namespace {

/// The float layer of one entry. The index holds no strides: they follow from the shapes, smallest stride first.
LayerSpec spec_of(const Value& expected, const at::Tensor& weight, const at::Tensor& input, const at::Tensor& output,
                  bool bias) {
  LayerSpec spec;
  spec.name = expected.at("name").string();
  spec.type = expected.at("layer").string();
  spec.attributes.set("bias", int64_t{bias ? 1 : 0}).set("out", weight.size(0));
  if (spec.type == "linear") {
    spec.attributes.set("in", weight.size(1));
    return spec;
  }
  const int64_t kernel = weight.size(2), in = input.size(2), out = output.size(2);
  int64_t stride = 1, padding = 0;
  while ((in + 2 * padding - kernel) / stride + 1 != out) {
    if (++padding > kernel / 2) padding = 0, ++stride;
  }
  spec.attributes.set("in", input.size(1)).set("groups", input.size(1) / weight.size(1));
  spec.attributes.set("kernel", std::vector<int64_t>{kernel, weight.size(3)});
  spec.attributes.set("stride", stride).set("padding", padding);
  return spec;
}

class Entry {
 public:
  Entry(const Value& expected, const Tensors& tensors) : expected_(expected), tensors_(tensors) {}

  at::Tensor recorded(const std::string& key) const {
    const auto found = tensors_.find(expected_.at("name").string() + "/" + key);
    return found == tensors_.end() ? at::Tensor() : found->second;
  }

  void check_parameters(Layer& layer, const std::string& stage) const {
    for (const LayerParameter& p : layer.parameters()) {
      const at::Tensor reference = recorded(stage + "/" + p.name);
      ASSERT_TRUE(reference.defined()) << stage << "/" << p.name;
      EXPECT_EQ(golden::largest_difference(p.tensor, reference), 0) << stage << "/" << p.name;
    }
  }

  /// Hardening makes the effective weight the stored one, so it must be the layer's answer to unit inputs.
  void check_hardened(Layer& layer) const {
    const at::Tensor shift = recorded("hardened/shift");
    const at::Tensor hardened =
        shift.defined() ? shift.exp2().mul(recorded("hardened/sign")) : recorded("hardened/weight");
    for (const LayerParameter& p : layer.parameters()) {
      if (p.name == "shift") {
        EXPECT_EQ(golden::largest_difference(p.tensor.round(), shift), 0);
      }
    }
    if (hardened.dim() != 2) return;
    const at::NoGradGuard no_grad;
    const at::Tensor unit = at::eye(hardened.size(1));
    const at::Tensor zero = at::zeros_like(unit);
    const at::Tensor answer =
        layer.forward(std::vector<at::Tensor>{unit}, {}).sub(layer.forward(std::vector<at::Tensor>{zero}, {}));
    EXPECT_LE(golden::largest_difference(answer.t(), hardened), 1e-6);
  }

 private:
  const Value& expected_;
  const Tensors& tensors_;
};

TEST(ConversionGolden, ConvertedLayersHaveTheOriginalNumbers) {
  DSNN_REQUIRE_GOLDEN("conversion");
  const Tensors tensors = golden::read_tensors("conversion");
  const auto check = [&](const Value& expected, const std::string&, const Operator& op) {
    const Entry entry(expected, tensors);
    const at::Tensor weight = entry.recorded("float_weight"), bias = entry.recorded("float_bias");
    const at::Tensor input = entry.recorded("input"), output = entry.recorded("output");
    Tensors source = {{"weight", weight}};
    if (bias.defined()) source["bias"] = bias;
    const test::MadeLayer made = test::made_layer(op, spec_of(expected, weight, input, output, bias.defined()), source);
    Layer* const layer = made.layer.get();
    entry.check_parameters(*layer, "converted");
    const at::Tensor got = layer->forward(std::vector<at::Tensor>{input}, {});
    EXPECT_LE(golden::largest_difference(got, output), 1e-5 * golden::largest_absolute(output));
    entry.check_parameters(*layer, "after_forward");
    entry.check_hardened(*layer);
  };
  golden::check_shift_cases("conversion numbers",
                            golden::read_index("conversion").at("numbers_in_conversion_safetensors"), check);
}

}  // namespace
}  // namespace dsnn
