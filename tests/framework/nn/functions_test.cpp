#include "nn/functions.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <cmath>

namespace dsnn::nn {
namespace {

at::Tensor run(const std::string& function, Attributes attributes, const at::Tensor& x) {
  const at::NoGradGuard no_grad;
  Node node;
  node.function = function;
  node.inputs = {0};
  node.attributes = std::move(attributes);
  const std::vector<at::Tensor> in = {x};
  return make_function(node).run(in, {});
}

at::Tensor counted(int64_t channels, int64_t height, int64_t width) {
  return at::arange(channels * height * width, at::kDouble).view({1, channels, height, width});
}

TEST(Functions, LocalResponseNormDividesByTheMeanSquareOfItsNeighbours) {
  const at::Tensor x = counted(5, 2, 2).add(1);
  const at::Tensor out = run("local_response_norm",
                             Attributes().set("size", int64_t{3}).set("alpha", 0.5).set("beta", 0.75).set("k", 2.0), x);
  for (int64_t c = 0; c < 5; ++c) {
    double squares = 0;
    for (int64_t n = std::max<int64_t>(0, c - 1); n <= std::min<int64_t>(4, c + 1); ++n) {
      squares += std::pow(x[0][n][1][0].item<double>(), 2);
    }
    const double expected = x[0][c][1][0].item<double>() / std::pow(2.0 + 0.5 * squares / 3, 0.75);
    EXPECT_NEAR(out[0][c][1][0].item<double>(), expected, 1e-12) << c;
  }
}

TEST(Functions, AveragePoolingCountsThePaddingOrNot) {
  const auto pool = [] {
    return Attributes().set("kernel", int64_t{2}).set("stride", int64_t{2}).set("padding", int64_t{1});
  };
  const at::Tensor x = at::ones({1, 1, 2, 2}, at::kDouble);
  EXPECT_EQ(run("avg_pool", pool(), x)[0][0][0][0].item<double>(), 0.25);
  EXPECT_EQ(run("avg_pool", pool().set("count_include_pad", int64_t{0}), x)[0][0][0][0].item<double>(), 1.0);
}

TEST(Functions, ChunksAndShufflesChannels) {
  const at::Tensor x = counted(6, 1, 1).flatten(1);
  EXPECT_TRUE(run("chunk", Attributes().set("chunks", int64_t{4}).set("index", int64_t{2}), x).equal(x.slice(1, 4, 6)));
  const at::Tensor shuffled = run("channel_shuffle", Attributes().set("groups", int64_t{2}), counted(6, 1, 1));
  const double expected[] = {0, 3, 1, 4, 2, 5};
  for (int64_t c = 0; c < 6; ++c) EXPECT_EQ(shuffled[0][c][0][0].item<double>(), expected[c]);
}

TEST(Functions, ActivationsHaveTheirPublishedValues) {
  const at::Tensor x = at::ones({1, 1}, at::kDouble).mul(1.5);
  const auto value = [&](const char* function, double scale = 1) {
    return run(function, {}, x.mul(scale)).item<double>();
  };
  EXPECT_EQ(value("relu6", 10), 6);
  EXPECT_EQ(value("hard_sigmoid"), 0.75);
  EXPECT_EQ(value("hard_swish"), 1.125);
  EXPECT_NEAR(value("sigmoid"), 1 / (1 + std::exp(-1.5)), 1e-15);
  EXPECT_NEAR(value("silu"), 1.5 / (1 + std::exp(-1.5)), 1e-15);
  EXPECT_NEAR(value("gelu"), 0.75 * (1 + std::erf(1.5 / std::sqrt(2.0))), 1e-15);
}

}  // namespace
}  // namespace dsnn::nn
