#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <set>

#include "dsnn/op_table.h"
#include "nn/model.h"
#include "nn/network.h"
#include "runtime/seeding.h"
#include "runtime/threads.h"
#include "support/random_graph.h"

namespace dsnn::nn {
namespace {

constexpr uint64_t kGraphs = 10000;
constexpr uint64_t kShards = 8;

at::Tensor input_of(const Graph& graph, uint64_t seed) {
  Shape sizes = graph.nodes.front().output;
  sizes.insert(sizes.begin(), 2);
  at::Tensor out = at::empty(sizes, at::kDouble);
  double* data = out.mutable_data_ptr<double>();
  Rng rng = Rng(seed).fork("input");
  for (int64_t i = 0; i < out.numel(); ++i) data[i] = rng.uniform(-1, 1);
  return out;
}

struct Pass {
  Outputs outputs;
  std::map<std::string, at::Tensor> gradients;
};

/// One pass in double precision; dropout draws alike in both.
Pass pass_of(const Graph& graph, Network::Shortcuts shortcuts, const at::Tensor& x, bool training) {
  LayerMakers makers;
  Network network(start(graph, Rng(3)), makers, shortcuts);
  network.to_double();
  runtime::seed_step(1, 2, at::kCPU);
  Pass out;
  if (!training) {
    const at::NoGradGuard no_grad;
    out.outputs = network.forward(x, {.training = false});
    return out;
  }
  const at::Tensor leaf = x.detach().clone().requires_grad_(true);
  out.outputs = network.forward(leaf, {.training = true});
  at::Tensor loss;
  for (auto& [name, tensor] : out.outputs) {
    const at::Tensor term = tensor.sin().sum();
    loss = loss.defined() ? loss.add(term) : term;
    tensor = tensor.detach();
  }
  if (!loss.requires_grad()) return out;
  loss.backward();
  for (const NetworkParameter& p : network.parameters()) out.gradients[p.name] = p.tensor.grad();
  out.gradients["x"] = leaf.grad();
  return out;
}

bool alike(const at::Tensor& a, const at::Tensor& b) {
  if (a.defined() != b.defined()) return false;
  return !a.defined() || a.allclose(b, 1e-10, 1e-12, true);
}

void expect_shortcuts_change_nothing(uint64_t seed) {
  const Graph graph = test::random_graph(seed);
  const std::string text = to_json(graph.to_json());
  const at::Tensor x = input_of(graph, seed), before = x.clone();
  for (const bool training : {false, true}) {
    const Pass with = pass_of(graph, Network::Shortcuts::taken, x, training);
    const Pass without = pass_of(graph, Network::Shortcuts::none, x, training);
    ASSERT_TRUE(x.equal(before)) << "the caller's input changed, seed " << seed << ": " << text;
    for (const auto& [name, tensor] : without.outputs) {
      ASSERT_TRUE(with.outputs.at(name).allclose(tensor, 1e-12, 1e-14, true))
          << name << ", seed " << seed << ": " << text;
    }
    ASSERT_EQ(with.gradients.size(), without.gradients.size());
    for (const auto& [name, gradient] : without.gradients) {
      ASSERT_TRUE(alike(with.gradients.at(name), gradient)) << name << ", seed " << seed << ": " << text;
    }
  }
}

class RandomGraphs : public testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override { runtime::set_threads(1); }
};

TEST_P(RandomGraphs, RunTheSameWithAndWithoutShortcuts) {
  for (uint64_t seed = GetParam(); seed < kGraphs; seed += kShards) {
    expect_shortcuts_change_nothing(seed);
    if (HasFatalFailure()) return;
  }
}
INSTANTIATE_TEST_SUITE_P(Shard, RandomGraphs, testing::Range<uint64_t>(0, kShards));

TEST(RandomGraph, HasInLibTorchTheShapesThatTheTableSays) {
  runtime::set_threads(1);
  const at::NoGradGuard no_grad;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Graph graph = test::random_graph(seed);
    for (size_t i = 1; i < graph.nodes.size(); ++i) {
      graph.outputs.push_back({.name = "node" + std::to_string(i), .node = static_cast<int>(i)});
    }
    LayerMakers makers;
    Network network(start(graph, Rng(1)), makers);
    network.to_double();
    const Outputs outputs = network.forward(input_of(graph, seed), {});
    for (size_t i = 1; i < graph.nodes.size(); ++i) {
      Shape expected = graph.nodes[i].output;
      expected.insert(expected.begin(), 2);
      EXPECT_EQ(outputs.at("node" + std::to_string(i)).sizes().vec(), expected)
          << describe(graph, i) << ", seed " << seed << ": " << to_json(graph.to_json());
    }
  }
}

TEST(RandomGraph, CoversTheOpTable) {
  std::set<std::string> met = {"input"};
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const Graph graph = test::random_graph(seed);
    for (const LayerSpec& layer : graph.layers) met.insert(layer.type);
    for (const Node& node : graph.nodes) met.insert(node.function);
  }
  for (const Op& op : op_table()) EXPECT_EQ(met.count(std::string(op.name)), 1u) << op.name;
}

}  // namespace
}  // namespace dsnn::nn
