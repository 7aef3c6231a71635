#include "training/model.h"

#include <stdexcept>

#include "dsnn/backbone.h"
#include "dsnn/cost_model.h"
#include "dsnn/op_table.h"
#include "nn/model.h"
#include "store/csv.h"

namespace dsnn::training {
namespace {

constexpr int64_t kFloatBytes = 4;

/// Weights at the layer's own width, everything else as float32.
int64_t bytes_of(const LayerSpec& spec, const LayerCount& counted) {
  const int64_t weights = is_weighted(spec) ? product(weight_shape(spec)) : 0;
  return (weights * spec.numeric.weight_bits + 7) / 8 + (counted.parameters - weights + counted.buffers) * kFloatBytes;
}

/// What `make` gives; a graph that does not hold together is the fault of the backbone's section.
template <class Make>
auto fitting(const ConfigView& section, const Make& make) {
  try {
    return make();
  } catch (const std::invalid_argument& e) {
    section.error("type", e.what());
  }
}

}  // namespace

Graph backbone_graph(const ConfigView& experiment, const ComponentFactory& factory, const DatasetInfo& data,
                     const Task& task) {
  const ConfigView section = experiment.section("backbone");
  return fitting(section, [&] {
    Graph graph = task.attach_head(factory.make<Backbone>(section)->build(data.input, data.classes), data);
    graph.infer_shapes(data.input);
    return graph;
  });
}

nn::ConvertedGraph converted_graph(const ConfigView& experiment, const ComponentFactory& factory,
                                   const Graph& backbone) {
  return fitting(experiment.section("backbone"),
                 [&] { return nn::convert_graph(backbone, experiment.section("operator"), factory); });
}

nn::ConvertedModel start_model(const ConfigView& experiment, const ComponentFactory& factory, Graph backbone,
                               const Rng& rng) {
  return fitting(experiment.section("backbone"), [&] {
    return nn::convert(nn::start(std::move(backbone), rng), experiment.section("operator"), factory, rng);
  });
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
  std::string out = store::csv_row({"layer", "type", "weight_bits", "activation_bits", "macs", "parameters", "share"});
  const std::vector<LayerCount> all = counts(graph);
  for (size_t i = 0; i < all.size(); ++i) {
    const LayerSpec& spec = graph.layers[i];
    const LayerCount& counted = all[i];
    if (counted.macs == 0) continue;
    std::string share;
    if (cost && cost->energy_mj > 0) {
      for (const LayerCost& row : cost->layers) {
        if (row.layer == spec.name) share = to_text(Value((row.ops_mj + row.memory_mj) / cost->energy_mj));
      }
    }
    out += store::csv_row({spec.name, spec.type, std::to_string(spec.numeric.weight_bits),
                           std::to_string(spec.numeric.activation_bits), std::to_string(counted.macs),
                           std::to_string(counted.parameters), share});
  }
  return out;
}

}  // namespace dsnn::training
