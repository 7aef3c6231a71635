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

/// The network of an experiment as values: what can be said without data, weights or a device.
struct Model {
  DatasetInfo data;
  Graph backbone;             ///< with the task's head
  nn::Conversion conversion;  ///< after the operator; shapes inferred
};

/// Throws ConfigError when backbone, data set and operator do not fit together.
Model make_model(const ConfigView& experiment, const ComponentFactory& factory, const Dataset& dataset,
                 const Task& task);

/// What the cost model under `meters.inference` says of the graph; nullopt when there is none.
std::optional<Cost> inference_cost(const ConfigView& experiment, const ComponentFactory& factory, const Graph& graph);

/// model.* of the graph, and inference.* of its cost.
std::vector<Metric> static_metrics(const Graph& graph, const std::optional<Cost>& cost);

/// One line per layer that computes: layer,type,weight_bits,activation_bits,macs,parameters,share; `share` is its part
/// of the inference energy, empty without a cost.
std::string layers_csv(const Graph& graph, const std::optional<Cost>& cost);

}  // namespace dsnn::training
