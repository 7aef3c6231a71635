#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "dsnn/backbone.h"
#include "golden/golden_file.h"
#include "nn/model.h"
#include "nn/network.h"
#include "support/components.h"

namespace dsnn {
namespace {

constexpr double kFloatTolerance = 5e-5;  // of the largest logit; README of the reference data, section 5
constexpr double kDoubleTolerance = 1e-9;

/// The deterministic fill of the reference data (its README, section 3).
class Fill {
 public:
  explicit Fill(uint64_t seed) : seed_(seed) {}

  double u(uint64_t k, uint64_t i) const {
    const uint64_t s = (seed_ ^ (k * 0xD1342543DE82EF95ULL)) + (i + 1) * 0x9E3779B97F4A7C15ULL;
    uint64_t z = s;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z = z ^ (z >> 31);
    return static_cast<double>(z >> 40) * 0x1p-24;
  }
  double r(uint64_t k, uint64_t i) const { return 2 * u(k, i) - 1; }

 private:
  uint64_t seed_;
};

double value_at(const Fill& fill, const std::string& name, const at::Tensor& like, double gain, uint64_t k,
                uint64_t i) {
  if (like.dim() >= 2) {
    const int64_t fan_in = like.numel() / like.size(0);
    return gain * std::sqrt(6.0 / static_cast<double>(fan_in)) * fill.r(k, i);
  }
  if (name.ends_with("running_var")) return 0.75 + 0.5 * fill.u(k, i);
  if (name.ends_with("running_mean")) return 0.1 * fill.r(k, i);
  if (name.ends_with("weight")) return 0.75 + 0.5 * fill.u(k, i);
  return 0.1 * fill.r(k, i);
}

Tensors filled_state(nn::Network& network, const Fill& fill, double gain) {
  Tensors out;
  uint64_t k = 0;
  for (const NamedTensor& entry : network.state()) {
    at::Tensor tensor = entry.tensor.detach().clone();
    if (tensor.is_floating_point()) {
      float* data = tensor.mutable_data_ptr<float>();
      for (int64_t i = 0; i < tensor.numel(); ++i) {
        data[i] = static_cast<float>(value_at(fill, entry.name, tensor, gain, k, static_cast<uint64_t>(i)));
      }
    }
    out.emplace(entry.name, tensor);
    ++k;
  }
  return out;
}

at::Tensor filled_input(const std::vector<int64_t>& shape, const Fill& fill) {
  at::Tensor out = at::empty(shape, at::kFloat);
  float* data = out.mutable_data_ptr<float>();
  const int64_t channels = shape[1], height = shape[2], width = shape[3];
  for (int64_t j = 0; j < out.numel(); ++j) {
    const int64_t w = j % width, h = j / width % height, c = j / (width * height) % channels,
                  n = j / (width * height * channels);
    const int64_t block = ((n * channels + c) * 4 + 4 * h / height) * 4 + 4 * w / width;
    data[j] = static_cast<float>(fill.r(0xFFFFFFFF, static_cast<uint64_t>(j)) +
                                 fill.r(0xFFFFFFFE, static_cast<uint64_t>(block)));
  }
  return out;
}

std::vector<int64_t> integers(const Value& list) {
  std::vector<int64_t> out;
  for (const Value& item : list.items()) out.push_back(item.integer());
  return out;
}

void expect_state_dict(nn::Network& network, const Value& expected) {
  const std::vector<NamedTensor> state = network.state();
  ASSERT_EQ(state.size(), expected.size());
  for (size_t i = 0; i < state.size(); ++i) {
    const Value::List& entry = expected.items()[i].items();
    EXPECT_EQ(state[i].name, entry[0].string());
    EXPECT_EQ(state[i].tensor.sizes().vec(), integers(entry[1]));
    EXPECT_EQ(state[i].tensor.is_floating_point(), entry[2].string() == "float32") << state[i].name;
  }
}

void expect_counts(nn::Network& network, const Value& model) {
  const Graph& graph = network.graph();
  int64_t parameters = 0, conv = 0, linear = 0, buffers = 0;
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    const LayerCount layer = count(graph, static_cast<int>(i));
    parameters += layer.parameters;
    (graph.layers[i].type == "conv2d" ? conv : linear) += layer.macs;
  }
  for (const NamedTensor& entry : network.state()) {
    if (!entry.tensor.requires_grad()) buffers += entry.tensor.numel();
  }
  EXPECT_EQ(parameters, model.at("parameters").integer());
  EXPECT_EQ(buffers, model.at("buffers").integer());
  EXPECT_EQ(conv, model.at("macs_conv").integer());
  EXPECT_EQ(linear, model.at("macs_linear").integer());
}

void expect_fill(const Value& model, const Tensors& state, const std::vector<NamedTensor>& order,
                 const at::Tensor& input) {
  for (const Value& check : model.at("fill_check").items()) {
    const Value::List& c = check.items();
    const std::string& name = order[static_cast<size_t>(c[0].integer())].name;
    EXPECT_EQ(state.at(name).flatten().select(0, c[1].integer()).item<double>(), c[2].number()) << name;
  }
  for (const Value& check : model.at("input_check").items()) {
    const Value::List& c = check.items();
    EXPECT_EQ(input.flatten().select(0, c[0].integer()).item<double>(), c[1].number());
  }
}

at::Tensor logits_of(nn::Network& network, const at::Tensor& input, const std::string& family) {
  const at::Tensor logits = network.forward(input, {}).at("logits");
  return family == "mnist" ? logits.log_softmax(1) : logits;  // those nets end in log_softmax
}

void check_model(const Value& model, const Tensors& expected, test::Components& components) {
  const std::string family = model.at("family").string(), name = model.at("name").string();
  SCOPED_TRACE(family + "/" + name);
  const std::vector<int64_t> shape = integers(model.at("input_shape"));
  const auto backbone = components.make<Backbone>(golden::backbone_of(family, name));
  const Graph graph =
      backbone->build(Shape(shape.begin() + 1, shape.end()), model.at("logits_shape").items()[1].integer());
  const Model fresh = nn::start(graph, Rng(1));
  nn::LayerMakers makers;
  nn::Network start(fresh, makers);
  expect_state_dict(start, model.at("state_dict"));
  expect_counts(start, model);

  const Fill fill(golden::seed_from(model.at("seed_hex").string()));
  const Tensors state = filled_state(start, fill, model.at("gain").number());
  const at::Tensor input = filled_input(shape, fill);
  expect_fill(model, state, start.state(), input);
  nn::Network network(nn::load_into(fresh, state), makers);

  const at::NoGradGuard no_grad;
  const std::string key = family + "/" + name + "/logits_f";
  const at::Tensor wanted = expected.at(key + "64");
  const double scale = golden::largest_absolute(wanted);
  EXPECT_LE(golden::largest_difference(logits_of(network, input, family), wanted), kFloatTolerance * scale);
  network.to_double();
  EXPECT_LE(golden::largest_difference(logits_of(network, input.to(at::kDouble), family), wanted),
            kDoubleTolerance * scale);
}

TEST(GoldenModels, StateDictCountsAndLogitsMatchTheOriginals) {
  DSNN_REQUIRE_GOLDEN("models");
  test::Components components;
  const Value index = golden::read_index("models");
  const Tensors expected = golden::read_tensors("models");
  int without_component = 0, checked = 0;
  for (const Value& model : index.at("models").items()) {
    const std::string component = golden::backbone_of(model.at("family").string(), model.at("name").string());
    if (component.empty() || components.catalog().find(Kind::backbone, component) == nullptr) {
      ++without_component;
      continue;
    }
    check_model(model, expected, components);
    ++checked;
  }
  std::cout << "models: " << checked << " networks checked, " << without_component
            << " have no component in this build\n";
}

}  // namespace
}  // namespace dsnn
