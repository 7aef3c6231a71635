#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dsnn/config_view.h"
#include "dsnn/factory.h"
#include "dsnn/graph.h"
#include "nn/network.h"

namespace dsnn::nn {

/// One float layer and what stands in its place.
struct Replacement {
  std::string layer;                   ///< its name in the backbone
  std::vector<std::string> made;       ///< names of the layers that replace it, in registration order
  std::shared_ptr<const Operator> op;  ///< as configured for this layer: main section or override
};

/// A graph after the section `operator` was applied to it.
struct Conversion {
  Graph graph;
  Operators operators;
  std::vector<std::string> converted;  ///< names of the replaced layers, in the order of conversion
  std::vector<std::string> warnings;
  std::vector<Replacement> replacements;  ///< in the same order
};

/// Carries out `depth`, `depth_from`, `linear`, `layers`, `overrides` of the section and expands the chosen layers.
/// Order: from the output end in execution order; with `deepshift_compat` in reverse registration order, convolutions
/// counted only. Layers of an override are converted at any depth. Throws ConfigError: depth above the number of
/// convertible layers (with `deepshift_compat` it is clamped and a warning names the number), a selector that matches
/// nothing, an override whose operator does not take its layer.
Conversion convert_graph(const Graph& backbone, const ConfigView& section, const ComponentFactory& factory);

struct MadeNetwork {
  std::unique_ptr<Network> network;
  std::vector<std::string> warnings;  ///< what the operators said of converting the weights
};

/// A network ready to train: the float network drawn from `rng`, loaded from `weights` where given, then converted
/// layer by layer from those float weights.
MadeNetwork make_network(const Graph& backbone, const Conversion& conversion, const Rng& rng,
                         const Tensors* weights = nullptr);

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
