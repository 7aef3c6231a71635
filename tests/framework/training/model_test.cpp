#include "training/model.h"

#include <gtest/gtest.h>

#include "fixtures/plugins/tiny_backbone.h"
#include "store/csv.h"

namespace dsnn::training {
namespace {

TEST(LayersCsv, LayerNamesOfAnyTextStayOneCell) {
  const std::string name = "head, the \"last\"\none";
  Graph graph = fixture::tiny_graph({1, 2, 2}, 3);
  graph.layers.back().name = name;
  graph.infer_shapes({1, 2, 2});
  Cost cost;
  cost.energy_mj = 2;
  cost.layers.push_back({.layer = name, .ops_mj = 0.5, .memory_mj = 0.5});
  const auto rows = store::parse_csv(layers_csv(graph, cost));
  const std::vector<std::vector<std::string>> expected = {
      {"layer", "type", "weight_bits", "activation_bits", "macs", "parameters", "share"},
      {name, "linear", "32", "32", "12", "15", "0.5"}};
  EXPECT_EQ(rows, expected);
}

}  // namespace
}  // namespace dsnn::training
