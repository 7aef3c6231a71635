#include "nn/network.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "dsnn/error.h"
#include "dsnn/graph_builder.h"
#include "nn/model.h"

namespace dsnn::nn {
namespace {

Graph residual_graph() {
  GraphBuilder net({2, 6, 6});
  int at = net.relu(net.batch_norm(net.conv2d(0, "conv1", 4, {.padding = 1, .bias = false}), "bn1", {}));
  at = net.relu(net.add(net.conv2d(at, "conv2", 4, {.padding = 1}), at));
  at = net.add(net.conv2d(at, "conv3", 8, {.stride = 2, .padding = 1}), net.subsample_pad(at, 2, 2, 2));
  return net.finish(net.linear(net.flatten(net.global_avg_pool(at)), "fc", 3, {}));
}

at::Tensor some_input(int64_t n) {
  at::Tensor out = at::ones({n, 2, 6, 6});
  float* data = out.mutable_data_ptr<float>();
  Rng rng(5);
  for (int64_t i = 0; i < out.numel(); ++i) data[i] = static_cast<float>(rng.uniform(-1, 1));
  return out;
}

at::Tensor run(Network& network, const at::Tensor& x, bool training = false) {
  return network.forward(x, {.training = training}).at("logits");
}

Network made(Graph graph, uint64_t seed) {
  LayerMakers makers;
  return Network(start(std::move(graph), Rng(seed)), makers);
}

TEST(Network, StartsWithinPyTorchsDefaultBounds) {
  Network network = made(residual_graph(), 1);
  for (const NetworkParameter& p : network.parameters()) {
    if (p.name == "conv2.weight" || p.name == "conv2.bias") {
      const double bound = 1 / std::sqrt(4 * 9.0);
      EXPECT_LE(p.tensor.abs().max().item<double>(), bound) << p.name;
      EXPECT_GE(p.tensor.abs().max().item<double>(), 0.5 * bound) << p.name;
    }
    EXPECT_TRUE(p.tensor.requires_grad()) << p.name;
  }
}

TEST(Network, FreshParametersDependOnSeedAndLayerNameOnly) {
  Network a = made(residual_graph(), 1), b = made(residual_graph(), 1), c = made(residual_graph(), 2);
  GraphBuilder alone({2, 6, 6});
  Network single = made(alone.finish(alone.flatten(alone.conv2d(0, "conv1", 4, {.padding = 1, .bias = false}))), 1);
  EXPECT_TRUE(a.state()[0].tensor.equal(b.state()[0].tensor));
  EXPECT_FALSE(a.state()[0].tensor.equal(c.state()[0].tensor));
  EXPECT_TRUE(a.state()[0].tensor.equal(single.state()[0].tensor));
}

TEST(Network, StateIsInRegistrationOrder) {
  Network network = made(residual_graph(), 1);
  std::vector<std::string> names;
  for (const NamedTensor& entry : network.state()) names.push_back(entry.name);
  EXPECT_EQ(names, (std::vector<std::string>{"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean",
                                             "bn1.running_var", "bn1.num_batches_tracked", "conv2.weight", "conv2.bias",
                                             "conv3.weight", "conv3.bias", "fc.weight", "fc.bias"}));
}

TEST(Network, OverwritingReluGivesTheSameWithAndWithoutAutograd) {
  Network network = made(residual_graph(), 1);
  const at::Tensor x = some_input(3), before = x.clone();
  const at::Tensor with_grad = run(network, x).detach();
  const at::NoGradGuard no_grad;
  EXPECT_TRUE(run(network, x).equal(with_grad));
  EXPECT_TRUE(x.equal(before)) << "the caller's input is left alone";
}

TEST(Network, GradientsMatchFiniteDifferences) {
  Network network = made(residual_graph(), 3);
  network.to_double();
  const at::Tensor x = some_input(4).to(at::kDouble);
  const at::Tensor weights = at::full({4, 3}, 0.5, at::kDouble);
  const auto loss = [&] { return run(network, x, true).sin().mul(weights).sum(); };
  loss().backward();
  for (NetworkParameter& p : network.parameters()) {
    const at::NoGradGuard no_grad;
    const at::Tensor flat = p.tensor.view({-1});
    const at::Tensor element = flat.select(0, flat.size(0) / 2);
    const double step = 1e-6, gradient = p.tensor.grad().view({-1}).select(0, flat.size(0) / 2).item<double>();
    element.add_(step);
    const double up = loss().item<double>();
    element.sub_(2 * step);
    const double down = loss().item<double>();
    element.add_(step);
    EXPECT_NEAR((up - down) / (2 * step), gradient, 1e-6 * std::max(1.0, std::abs(gradient))) << p.name;
  }
}

TEST(Network, BatchNormTracksStatisticsInTrainingOnly) {
  Network network = made(residual_graph(), 1);
  const at::NoGradGuard no_grad;
  run(network, some_input(4), false);
  EXPECT_EQ(network.state()[5].tensor.item<int64_t>(), 0);
  run(network, some_input(4), true);
  EXPECT_EQ(network.state()[5].tensor.item<int64_t>(), 1);
  EXPECT_GT(network.state()[3].tensor.abs().max().item<double>(), 0);
}

TEST(Network, HoldsCopiesOfItsModelAndGivesItBack) {
  const Model model = start(residual_graph(), Rng(1));
  LayerMakers makers;
  Network a(model, makers), b(model, makers);
  const at::NoGradGuard no_grad;
  at::Tensor(a.parameters()[0].tensor).zero_();
  EXPECT_FALSE(model.tensors.at("conv1.weight").eq(0).all().item<bool>());
  EXPECT_FALSE(run(a, some_input(2)).equal(run(b, some_input(2))));
  Network again(a.model(), makers);
  EXPECT_TRUE(run(a, some_input(2)).equal(run(again, some_input(2))));
}

TEST(Network, RefusesAModelWhoseTensorsDoNotFitItsGraph) {
  const auto problem_of = [](const std::function<void(Tensors&)>& change) {
    Model model = start(residual_graph(), Rng(1));
    change(model.tensors);
    LayerMakers makers;
    try {
      Network network(std::move(model), makers);
    } catch (const std::invalid_argument& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(problem_of([](Tensors& t) { t.erase("fc.bias"); }), "the tensor 'fc.bias' is missing");
  EXPECT_EQ(problem_of([](Tensors& t) {
              t["conv1.weight"] = at::ones({4, 1, 3, 3});
            }),
            "the tensor 'conv1.weight' has the shape [4, 1, 3, 3], expected [4, 2, 3, 3]");
  EXPECT_EQ(problem_of([](Tensors& t) { t["conv1.scale"] = at::ones({4}); }),
            "the layer 'conv1' has no tensor 'scale'");
  EXPECT_EQ(problem_of([](Tensors& t) { t["head.bias"] = at::ones({3}); }),
            "the model has 13 tensors, its layers hold 12");
}

TEST(Network, DropoutActsInTrainingOnly) {
  GraphBuilder net({1, 4, 4});
  Network network = made(net.finish(net.dropout(net.flatten(0), 0.5)), 1);
  const at::Tensor x = at::ones({8, 1, 4, 4});
  EXPECT_TRUE(run(network, x, false).equal(x.flatten(1)));
  const double zeros = run(network, x, true).eq(0).sum().item<double>();
  EXPECT_GT(zeros, 0);
  EXPECT_LT(zeros, 128);
}

TEST(Network, AValueThatAPoolReadsTooIsNotOverwritten) {
  GraphBuilder net({1, 6, 6});
  const int conv = net.conv2d(0, "conv", 2, {.padding = 1});
  const int pooled = net.flatten(net.max_pool(conv, {}));
  Network network = made(net.finish(net.concat({pooled, net.flatten(net.relu(conv))})), 1);
  run(network, at::ones({2, 1, 6, 6}), true).sum().backward();
  EXPECT_TRUE(network.parameters()[0].tensor.grad().defined());
}

TEST(Network, AValueThatAnAliasKeepsIsNotOverwritten) {
  for (const char* alias : {"dropout", "identity", "slice"}) {
    GraphBuilder net({1, 4, 4});
    const int conv = net.conv2d(0, "conv", 1, {.kernel = 1});
    Attributes attributes;
    if (alias == std::string("dropout")) attributes.set("p", 0.5);
    if (alias == std::string("slice")) attributes.set("begin", int64_t{0}).set("end", int64_t{1});
    const int kept = net.add_function(alias, {conv}, attributes);
    const int relu = net.relu(conv);
    Network network = made(net.finish(net.add(kept, relu)), 2);
    const at::NoGradGuard no_grad;
    network.parameters()[0].tensor.fill_(-1);
    network.parameters()[1].tensor.fill_(0);
    EXPECT_TRUE(run(network, at::ones({1, 1, 4, 4})).equal(at::full({1, 1, 4, 4}, -1.0))) << alias;
  }
}

TEST(Network, GivesEveryDeclaredOutputByName) {
  GraphBuilder net({1, 4, 4});
  const int conv = net.conv2d(0, "conv", 2, {.padding = 1});
  net.output("features/1", conv);
  Network network = made(net.finish(net.flatten(net.relu(conv))), 1);
  const at::NoGradGuard no_grad;
  const Outputs outputs = network.forward(some_input(1).slice(1, 0, 1).slice(2, 0, 4).slice(3, 0, 4), {});
  EXPECT_EQ(outputs.at("features/1").sizes(), (std::vector<int64_t>{1, 2, 4, 4}));
  EXPECT_TRUE(outputs.at("features/1").clamp_min(0).flatten(1).equal(outputs.at("logits")));
}

TEST(Network, RefusesALayerWhoseOperatorIsMissing) {
  Model model = start(residual_graph(), Rng(1));
  model.graph.layers[0].type = "deepshift.conv2d";
  model.graph.layers[0].op = "deepshift";
  LayerMakers makers;
  EXPECT_THROW(Network(model, makers), PluginError);
}

}  // namespace
}  // namespace dsnn::nn
