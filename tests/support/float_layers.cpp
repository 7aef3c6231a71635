#include "support/float_layers.h"

#include <ATen/ops/linspace.h>

#include <string>

namespace dsnn::test {

LayerSpec linear(int64_t in, int64_t out, bool bias) {
  LayerSpec spec{.name = "fc", .type = "linear", .attributes = {}, .numeric = {}, .op = {}, .role = "classifier"};
  spec.attributes.set("in", in).set("out", out).set("bias", int64_t{bias ? 1 : 0});
  return spec;
}

LayerSpec convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                      int64_t groups, bool bias) {
  LayerSpec spec{.name = "conv", .type = "conv2d", .attributes = {}, .numeric = {}, .op = {}, .role = "body"};
  spec.attributes.set("in", in).set("out", out).set("kernel", kernel).set("stride", stride).set("padding", padding);
  spec.attributes.set("dilation", dilation).set("groups", groups).set("bias", int64_t{bias ? 1 : 0});
  return spec;
}

std::vector<LayerSpec> geometries() {
  std::vector<LayerSpec> out = {linear(6, 4),
                                linear(6, 4, false),
                                convolution(4, 6, 3, 1, 1, 1, 1),
                                convolution(4, 6, 3, 2, 1, 1, 1, false),
                                convolution(4, 4, 3, 1, 1, 1, 4),
                                convolution(4, 6, 1, 1, 0, 1, 2),
                                convolution(4, 6, 3, 1, 2, 2, 1)};
  for (const char* mode : {"reflect", "replicate", "circular"}) {
    out.push_back(convolution(4, 6, 3, 1, 1, 1, 1));
    out.back().attributes.set("padding_mode", std::string(mode));
  }
  out.push_back(convolution(4, 6, 3, 1, 0, 1, 1));
  out.back().attributes.set("padding", std::vector<int64_t>{2, 0, 1, 0});
  out.push_back(convolution(4, 6, 3, 2, 1, 1, 2));
  out.back().type = "conv1d";
  out.push_back(convolution(4, 6, 3, 2, 1, 1, 2));
  out.back().type = "conv_transpose2d";
  return out;
}

Shape input_shape(const LayerSpec& spec) {
  if (spec.type.ends_with("linear")) return {6};
  return spec.type.ends_with("conv1d") ? Shape{4, 1, 9} : Shape{4, 7, 7};
}

at::Tensor input_of(const LayerSpec& spec) {
  Shape shape = input_shape(spec);
  shape.insert(shape.begin(), 2);
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return at::linspace(-2, 2, count).mul(7.3).sin().view(shape);
}

}  // namespace dsnn::test
