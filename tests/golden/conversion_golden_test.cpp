#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "dsnn/backbone.h"
#include "golden/golden_file.h"
#include "nn/conversion.h"
#include "nn/model.h"
#include "nn/network.h"
#include "support/components.h"

namespace dsnn {
namespace {

std::vector<std::string> strings(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.items()) out.push_back(item.string());
  return out;
}

std::vector<int> all_convertible(const Graph& graph) {
  std::vector<int> out;
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    if (graph.layers[i].type != "batch_norm") out.push_back(static_cast<int>(i));
  }
  return out;
}

Shape input_of(const std::string& family) { return family == "mnist" ? Shape{1, 28, 28} : Shape{3, 32, 32}; }

/// One case through the pure walk: the original's function, which is not called by its scripts for depth 0.
void check_walk(const Graph& graph, const Value& expected) {
  const nn::Walk walk{.order = nn::Walk::Order::registration,
                      .from = nn::Walk::From::output,
                      .depth = expected.at("shift_depth").integer(),
                      .convert_linear = true,
                      .count_linear = !expected.at("convert_all_linear").boolean()};
  const nn::Walked walked = nn::walk_layers(graph, all_convertible(graph), walk);
  std::vector<std::string> converted, plain;
  for (int layer : walked.layers) converted.push_back(graph.layers[static_cast<size_t>(layer)].name);
  for (int layer : all_convertible(graph)) {
    if (std::find(walked.layers.begin(), walked.layers.end(), layer) == walked.layers.end()) {
      plain.push_back(graph.layers[static_cast<size_t>(layer)].name);
    }
  }
  EXPECT_EQ(converted, strings(expected.at("converted")));
  EXPECT_EQ(plain, strings(expected.at("plain")));
  EXPECT_EQ(walked.counted, expected.at("count_returned").integer());
}

Value operator_section(const Value& expected) {
  Value linear = Value::map();
  linear.set("convert", true);
  linear.set("count", !expected.at("convert_all_linear").boolean());
  Value out = Value::map();
  out.set("method", "ps");
  out.set("deepshift_compat", true);
  out.set("depth", expected.at("shift_depth"));
  out.set("linear", std::move(linear));
  return out;
}

/// The same case through the section `operator`, with the names the converted network has.
void check_section(const Graph& graph, const Value& expected, test::Components& components) {
  if (components.catalog().find(Kind::op, "deepshift") == nullptr || expected.at("shift_depth").integer() == 0) return;
  const Value section = components.section(Kind::op, "deepshift", operator_section(expected));
  const nn::ConvertedModel converted =
      nn::convert(nn::start(graph, Rng(1)), components.view(section), components.factory(), Rng(1));
  EXPECT_EQ(converted.converted, strings(expected.at("converted")));
  if (expected.at("state_dict_keys_ps").is_null()) return;
  nn::LayerMakers makers(components.factory());
  nn::Network network(converted.model, makers);
  std::vector<std::string> keys;
  for (const NamedTensor& entry : network.state()) keys.push_back(entry.name);
  EXPECT_EQ(keys, strings(expected.at("state_dict_keys_ps")));
}

TEST(GoldenConversion, ReplacesTheLayersOfTheOriginalInItsOrder) {
  DSNN_REQUIRE_GOLDEN("conversion");
  test::Components components;
  const Value index = golden::read_index("conversion");
  std::map<std::string, Graph> graphs;
  int without_component = 0, checked = 0;
  for (const Value& expected : index.at("layer_selection").items()) {
    const std::string family = expected.at("family").string(), model = expected.at("model").string();
    const std::string component = golden::backbone_of(family, model);
    if (component.empty() || components.catalog().find(Kind::backbone, component) == nullptr) {
      ++without_component;
      continue;
    }
    if (graphs.count(component) == 0) {
      graphs[component] = components.make<Backbone>(component)->build(input_of(family), 10);
    }
    SCOPED_TRACE(to_json(expected).substr(0, 100));
    check_walk(graphs[component], expected);
    check_section(graphs[component], expected, components);
    ++checked;
  }
  std::cout << "conversion: " << checked << " layer selections checked, " << without_component
            << " have no component in this build\n";
}

}  // namespace
}  // namespace dsnn
