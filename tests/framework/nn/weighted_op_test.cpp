#include "dsnn/weighted_op.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "dsnn/graph_builder.h"
#include "dsnn/op_table.h"
#include "dsnn/rng.h"

namespace dsnn::nn {
namespace {

using Ints = std::vector<int64_t>;

at::Tensor drawn(const Ints& sizes, const char* purpose) {
  at::Tensor out = at::empty(sizes, at::kDouble);
  double* data = out.mutable_data_ptr<double>();
  Rng rng = Rng(7).fork(purpose);
  for (int64_t i = 0; i < out.numel(); ++i) data[i] = rng.uniform(-1, 1);
  return out;
}

/// Where position `i` of a padded axis reads from; -1 = a zero.
int64_t source_of(int64_t i, int64_t size, const std::string& mode) {
  if (i >= 0 && i < size) return i;
  if (mode == "zeros") return -1;
  if (mode == "replicate") return i < 0 ? 0 : size - 1;
  if (mode == "circular") return (i + size) % size;
  return i < 0 ? -i : 2 * (size - 1) - i;  // reflect
}

/// The convolution by its definition. Attributes completed.
at::Tensor by_definition(const Attributes& a, const at::Tensor& x, const at::Tensor& weight, const Shape& out_shape) {
  const Ints s = a.integers("stride"), d = a.integers("dilation"), p = a.integers("padding"), k = a.integers("kernel");
  const int64_t groups = a.integer("groups"), in_each = a.integer("in") / groups, out_each = a.integer("out") / groups;
  const std::string mode = a.text("padding_mode");
  at::Tensor out = at::empty(out_shape, at::kDouble);
  double* to = out.mutable_data_ptr<double>();
  const auto at_x = [&](int64_t c, int64_t h, int64_t w) {
    return x.const_data_ptr<double>()[(c * x.size(2) + h) * x.size(3) + w];
  };
  for (int64_t o = 0; o < out_shape[0]; ++o) {
    for (int64_t y = 0; y < out_shape[1]; ++y) {
      for (int64_t z = 0; z < out_shape[2]; ++z) {
        double sum = 0;
        for (int64_t c = 0; c < in_each; ++c) {
          for (int64_t u = 0; u < k[0]; ++u) {
            for (int64_t v = 0; v < k[1]; ++v) {
              const int64_t h = source_of(y * s[0] + u * d[0] - p[0], x.size(2), mode);
              const int64_t w = source_of(z * s[1] + v * d[1] - p[2], x.size(3), mode);
              if (h < 0 || w < 0) continue;
              sum += at_x(o / out_each * in_each + c, h, w) *
                     weight.const_data_ptr<double>()[((o * in_each + c) * k[0] + u) * k[1] + v];
            }
          }
        }
        *to++ = sum;
      }
    }
  }
  return out;
}

LayerSpec conv2d(Attributes attributes) {
  LayerSpec spec;
  spec.name = "conv";
  spec.type = "conv2d";
  spec.attributes = std::move(attributes.set("bias", int64_t{0}));
  return spec;
}

TEST(WeightedOp, ConvolvesByTheDefinitionInEveryPaddingModeAndGeometry) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = drawn({1, 4, 7, 6}, "x");
  for (const char* mode : {"zeros", "reflect", "replicate", "circular"}) {
    for (const Ints& padding : {Ints{2, 1}, Ints{0, 2, 3, 1}}) {
      for (const int64_t groups : {1, 2, 4}) {
        for (const Ints& dilation : {Ints{1, 1}, Ints{2, 1}}) {
          LayerSpec spec = conv2d(Attributes().set("in", int64_t{4}).set("out", int64_t{8}).set("kernel", Ints{3, 2}));
          spec.attributes.set("padding", padding).set("groups", groups).set("dilation", dilation);
          spec.attributes.set("padding_mode", std::string(mode)).set("stride", Ints{1, 2});
          GraphBuilder net({4, 7, 6});
          const Shape shape = net.shape(net.add_layer(0, spec));
          const WeightedOp op(spec);
          const at::Tensor weight = drawn(op.weight_shape(), "weight");
          const at::Tensor expected = by_definition(completed(*find_op("conv2d"), spec.attributes), x, weight, shape);
          EXPECT_TRUE(op(x, weight, {}).select(0, 0).allclose(expected, 1e-12, 1e-12))
              << mode << " groups " << groups << " padding of " << padding.size();
        }
      }
    }
  }
}

TEST(WeightedOp, ALineConvolutionIsAConvolutionOfHeightOne) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = drawn({2, 4, 1, 9}, "x");
  const auto common = [] {
    return Attributes()
        .set("in", int64_t{4})
        .set("out", int64_t{6})
        .set("groups", int64_t{2})
        .set("padding_mode", std::string("reflect"));
  };
  LayerSpec line = conv2d(common().set("kernel", int64_t{3}).set("padding", Ints{2, 1}).set("stride", int64_t{2}));
  line.type = "conv1d";
  const LayerSpec image =
      conv2d(common().set("kernel", Ints{1, 3}).set("padding", Ints{0, 0, 2, 1}).set("stride", Ints{1, 2}));
  const WeightedOp a(line), b(image);
  EXPECT_EQ(a.weight_shape(), (Shape{6, 2, 3}));
  const at::Tensor weight = drawn(a.weight_shape(), "weight");
  EXPECT_TRUE(a(x, weight, {}).equal(b(x, weight.unsqueeze(2), {})));
}

TEST(WeightedOp, ATransposedConvolutionIsTheGradientOfTheConvolution) {
  LayerSpec forward = conv2d(Attributes().set("in", int64_t{6}).set("out", int64_t{4}).set("kernel", int64_t{3}));
  forward.attributes.set("stride", int64_t{2}).set("padding", int64_t{1}).set("groups", int64_t{2});
  LayerSpec transposed = forward;
  transposed.type = "conv_transpose2d";
  transposed.attributes.set("in", int64_t{4}).set("out", int64_t{6});
  const WeightedOp convolve(forward), back(transposed);
  ASSERT_EQ(convolve.weight_shape(), back.weight_shape());
  const at::Tensor weight = drawn(convolve.weight_shape(), "weight");
  const at::Tensor x = drawn({1, 6, 7, 7}, "x").requires_grad_(true), g = drawn({1, 4, 4, 4}, "g");
  convolve(x, weight, {}).mul(g).sum().backward();
  EXPECT_TRUE(back(g, weight, {}).allclose(x.grad(), 1e-12, 1e-12));
}

}  // namespace
}  // namespace dsnn::nn
