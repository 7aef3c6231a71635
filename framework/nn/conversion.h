#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dsnn/config_view.h"
#include "dsnn/factory.h"
#include "dsnn/graph.h"
#include "dsnn/model.h"
#include "dsnn/rng.h"

namespace dsnn::nn {

/// A graph after the section `operator` was applied to it.
struct ConvertedGraph {
  Graph graph;
  std::vector<std::string> converted;  ///< names of the replaced layers, in the order of conversion
  std::vector<std::string> warnings;
};

/// Carries out `depth`, `depth_from`, `linear`, `layers`, `overrides` of the section and expands the chosen layers.
/// Order: from the output end in execution order; with `deepshift_compat` in reverse registration order, convolutions
/// counted only. Layers of an override are converted at any depth; layers of another operator are left alone. Throws
/// ConfigError: depth above the number of convertible layers (with `deepshift_compat` it is clamped and a warning names
/// the number), a selector that matches nothing, an override whose operator does not take its layer.
ConvertedGraph convert_graph(const Graph& graph, const ConfigView& section, const ComponentFactory& factory);

struct ConvertedModel {
  Model model;
  std::vector<std::string> converted, warnings;  ///< as above, and what the operators said of the weights
};

/// The same with the weights: every chosen layer is converted from its tensors, the others keep theirs. Pure. What an
/// operator draws for a layer depends on (rng, the layer's name) only. May be repeated for a list of operators.
ConvertedModel convert(Model model, const ConfigView& section, const ComponentFactory& factory, const Rng& rng);

/// How layers are met and counted.
struct Walk {
  enum class Order { execution, registration };
  enum class From { output, input };
  Order order = Order::execution;
  From from = From::output;
  std::optional<int64_t> depth;  ///< counted layers to take; absent = all
  bool convert_linear = true;
  bool count_linear = true;  ///< false: linear layers are taken at any depth and use none of it
};
struct Walked {
  std::vector<int> layers;  ///< taken, in the order met
  int64_t counted = 0;      ///< of these, how many used depth
  int64_t countable = 0;    ///< how many depth could have used
};
/// The pure walk over `candidates` (indices into Graph::layers); a depth of 0 still takes layers that do not count.
Walked walk_layers(const Graph& graph, std::span<const int> candidates, const Walk& walk);

/// A role (stem, body, depthwise, pointwise, spatial, shortcut, squeeze_excitation, classifier) or a name glob.
/// depthwise, pointwise and spatial follow from a convolution's kernel and groups.
bool selects(const std::string& selector, const LayerSpec& layer);

}  // namespace dsnn::nn
