#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dsnn/config_view.h"
#include "dsnn/cost_model.h"
#include "dsnn/dataset.h"
#include "dsnn/evaluator.h"
#include "dsnn/factory.h"
#include "dsnn/task.h"
#include "nn/conversion.h"

namespace dsnn::training {

/// The float network of an experiment with the task's head, shapes inferred: what can be said without data, weights or
/// a device. Throws ConfigError when backbone and data set do not fit together.
Graph backbone_graph(const ConfigView& experiment, const ComponentFactory& factory, const DatasetInfo& data,
                     const Task& task);

/// The same behind the section `operator`. Throws ConfigError.
nn::ConvertedGraph converted_graph(const ConfigView& experiment, const ComponentFactory& factory,
                                   const Graph& backbone);

/// The network that a training starts with: the backbone drawn from `rng`, then converted.
nn::ConvertedModel start_model(const ConfigView& experiment, const ComponentFactory& factory, Graph backbone,
                               const Rng& rng);

/// What the cost model under `meters.inference` says of the graph; nullopt when there is none.
std::optional<Cost> inference_cost(const ConfigView& experiment, const ComponentFactory& factory, const Graph& graph);

/// model.* of the graph, and inference.* of its cost.
std::vector<Metric> static_metrics(const Graph& graph, const std::optional<Cost>& cost);

/// One line per layer that computes: layer,type,weight_bits,activation_bits,macs,parameters,share; `share` is its part
/// of the inference energy, empty without a cost.
std::string layers_csv(const Graph& graph, const std::optional<Cost>& cost);

}  // namespace dsnn::training
