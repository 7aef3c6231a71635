#include "nn/model.h"

#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "dsnn/error.h"
#include "dsnn/graph_builder.h"

namespace dsnn::nn {
namespace {

Model small_model(uint64_t seed = 1) {
  GraphBuilder net({1, 4, 4});
  const int at = net.flatten(net.batch_norm(net.conv2d(0, "conv", 2, {.padding = 1}), "norm", {}));
  return start(net.finish(net.linear(at, "fc", 3, {.role = "classifier"})), Rng(seed));
}

std::string problem_of(const Tensors& tensors, const LoadRules& rules = {}) {
  try {
    load_into(small_model(), tensors, rules);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(Start, DependsOnTheSeedAndTheLayersNameOnly) {
  const Model a = small_model(1), b = small_model(1), c = small_model(2);
  EXPECT_TRUE(a.tensors.at("fc.weight").equal(b.tensors.at("fc.weight")));
  EXPECT_FALSE(a.tensors.at("fc.weight").equal(c.tensors.at("fc.weight")));
  EXPECT_EQ(a.tensors.size(), 9u);
}

TEST(LoadInto, TakesEveryValueAndLeavesTheModelGivenAlone) {
  const Model model = small_model(1), other = small_model(2);
  const Model loaded = load_into(model, other.tensors);
  for (const auto& [name, tensor] : other.tensors) EXPECT_TRUE(loaded.tensors.at(name).equal(tensor)) << name;
  EXPECT_TRUE(model.tensors.at("fc.weight").equal(small_model(1).tensors.at("fc.weight")));
}

TEST(LoadInto, ListsWhatDoesNotFit) {
  Tensors tensors = small_model().tensors;
  tensors.erase("fc.bias");
  tensors["head.bias"] = at::ones({3});
  tensors["conv.weight"] = at::ones({2, 2, 3, 3});
  EXPECT_EQ(problem_of(tensors),
            "the weights do not fit this network; missing: fc.bias; unexpected: head.bias; of another shape: "
            "conv.weight (got [2, 2, 3, 3], expected [2, 1, 3, 3])");
}

TEST(LoadInto, ResetLayersKeepTheModelsOwn) {
  Tensors tensors = small_model(2).tensors;
  tensors["fc.weight"] = at::ones({100, 32});
  tensors.erase("fc.bias");
  const Model loaded = load_into(small_model(1), tensors, {.renames = {}, .reset = {"classifier"}});
  EXPECT_TRUE(loaded.tensors.at("fc.weight").equal(small_model(1).tensors.at("fc.weight")));
  EXPECT_TRUE(loaded.tensors.at("conv.weight").equal(tensors.at("conv.weight")));
  EXPECT_EQ(problem_of(tensors, {.renames = {}, .reset = {"head"}}),
            "'head' in 'reset' matches no layer of this network");
}

TEST(LoadInto, RenamesAndDropsAPrefixThatAllNamesShare) {
  Tensors tensors;
  for (const auto& [name, tensor] : small_model(2).tensors) {
    tensors["module." + (name.starts_with("fc.") ? "head" + name.substr(2) : name)] = tensor;
  }
  const LoadRules rules{.match = LoadRules::Match::prefix,
                        .renames = {{"head.weight", "fc.weight"}, {"head.bias", "fc.bias"}},
                        .reset = {}};
  EXPECT_TRUE(
      load_into(small_model(1), tensors, rules).tensors.at("fc.weight").equal(small_model(2).tensors.at("fc.weight")));
  EXPECT_NE(problem_of(tensors), "");
  EXPECT_EQ(problem_of(small_model(2).tensors, rules), "the weights have no tensor 'head.bias' to rename");
}

TEST(TensorsOf, OneLayerAndNotItsChildren) {
  const Tensors all = {{"fc.weight", at::ones({1})}, {"fc.u.weight", at::ones({1})}, {"fc2.bias", at::ones({1})}};
  const Tensors own = tensors_of(all, "fc");
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own.begin()->first, "weight");
}

}  // namespace
}  // namespace dsnn::nn
