#include "training/model.h"

#include "dsnn/backbone.h"
#include "dsnn/cost_model.h"
#include "dsnn/op_table.h"

namespace dsnn::training {
namespace {

constexpr int64_t kFloatBytes = 4;

/// Weights at the layer's own width, everything else as float32.
int64_t bytes_of(const LayerSpec& spec, const LayerCount& counted) {
  const int64_t weights = is_weighted(spec) ? product(weight_shape(spec)) : 0;
  return (weights * spec.numeric.weight_bits + 7) / 8 + (counted.parameters - weights + counted.buffers) * kFloatBytes;
}

Graph build_backbone(const ConfigView& section, const ComponentFactory& factory, const DatasetInfo& data) {
  const auto backbone = factory.make<Backbone>(section);
  try {
    return backbone->build(data.input, data.classes);
  } catch (const std::invalid_argument& e) {
    section.error("type", e.what());
  }
}

}  // namespace

Model make_model(const ConfigView& experiment, const ComponentFactory& factory, const Dataset& dataset,
                 const Task& task) {
  Model model{.data = dataset.info(), .backbone = {}, .conversion = {}};
  const ConfigView section = experiment.section("backbone");
  model.backbone = build_backbone(section, factory, model.data);
  try {
    model.backbone = task.attach_head(std::move(model.backbone), model.data);
    model.backbone.infer_shapes(model.data.input);
    model.conversion = nn::convert_graph(model.backbone, experiment.section("operator"), factory);
    model.conversion.graph.infer_shapes(model.data.input);
  } catch (const std::invalid_argument& e) {
    section.error("type", e.what());
  }
  return model;
}

std::optional<Cost> inference_cost(const ConfigView& experiment, const ComponentFactory& factory, const Graph& graph) {
  if (!experiment.has("meters")) return std::nullopt;
  const ConfigView meters = experiment.section("meters");
  if (!meters.has("inference")) return std::nullopt;
  return factory.make<CostModel>(meters.section("inference"))->cost(graph);
}

std::vector<Metric> static_metrics(const Graph& graph, const std::optional<Cost>& cost) {
  int64_t parameters = 0, macs = 0, bytes = 0;
  const std::vector<LayerCount> counted = counts(graph);
  for (size_t i = 0; i < counted.size(); ++i) {
    parameters += counted[i].parameters;
    macs += counted[i].macs;
    bytes += bytes_of(graph.layers[i], counted[i]);
  }
  std::vector<Metric> metrics = {{"model.parameters", static_cast<double>(parameters)},
                                 {"model.bytes", static_cast<double>(bytes)},
                                 {"model.macs", static_cast<double>(macs)}};
  if (!cost) return metrics;
  metrics.push_back({"model.multiplications", static_cast<double>(cost->multiplications)});
  metrics.push_back({"model.shifts", static_cast<double>(cost->shifts)});
  metrics.push_back({"model.adds", static_cast<double>(cost->adds)});
  metrics.push_back({"inference.energy_mj", cost->energy_mj});
  metrics.push_back({"inference.ops_mj", cost->ops_mj});
  metrics.push_back({"inference.memory_mj", cost->memory_mj});
  if (cost->latency_ms) metrics.push_back({"inference.latency_ms", *cost->latency_ms});
  return metrics;
}

std::string layers_csv(const Graph& graph, const std::optional<Cost>& cost) {
  std::string out = "layer,type,weight_bits,activation_bits,macs,parameters,share\n";
  const std::vector<LayerCount> all = counts(graph);
  for (size_t i = 0; i < all.size(); ++i) {
    const LayerSpec& spec = graph.layers[i];
    const LayerCount& counted = all[i];
    if (counted.macs == 0) continue;
    out += spec.name + "," + spec.type + "," + std::to_string(spec.numeric.weight_bits) + "," +
           std::to_string(spec.numeric.activation_bits) + "," + std::to_string(counted.macs) + "," +
           std::to_string(counted.parameters) + ",";
    if (cost && cost->energy_mj > 0) {
      for (const LayerCost& row : cost->layers) {
        if (row.layer == spec.name) out += to_text(Value((row.ops_mj + row.memory_mj) / cost->energy_mj));
      }
    }
    out += "\n";
  }
  return out;
}

}  // namespace dsnn::training
