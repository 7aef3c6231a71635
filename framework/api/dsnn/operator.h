#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dsnn/graph.h"
#include "dsnn/kind.h"
#include "dsnn/layer.h"

namespace dsnn {

/// What an operator decided over all layers it is about to replace, by layer name.
struct Prepared {
  std::map<std::string, Attributes> layers;
};

/// What became of one layer's weights.
struct Converted {
  Tensors tensors;                    ///< of the layers made, by "<child>.<name>"; "<name>" where the child is ""
  std::vector<std::string> warnings;  ///< what the user should know ("most weights ended on the lowest power")
};

/// Replaces layers by layers of another arithmetic. Which layers (`layers`, `overrides`, `depth`, `linear`) is decided
/// by the framework's walker. Everything but `make` is a pure function of its arguments: the network is a value until
/// it runs. Every decision ends up in attributes, so that layers can be made again from a checkpoint alone, by an
/// operator whose section has the defaults.
class Operator {
 public:
  using Interface = Operator;
  static constexpr Kind kKind = Kind::op;
  static constexpr bool kNeedsTorch = true;
  virtual ~Operator();

  virtual bool accepts(const LayerSpec& layer) const = 0;
  /// Looks at all layers `chosen` (indices into graph.layers) before the first is expanded: ranks under one budget,
  /// which layers a norm follows. `trained` holds the model's tensors by full name, or is nullptr when only shapes are
  /// known. The default decides nothing.
  virtual Prepared prepare(const Graph& graph, std::span<const int> chosen, const Tensors* trained) const;
  /// 1..n layers for one. `trained` holds the layer's tensors by relative name ("weight", "bias"), or is nullptr.
  virtual Subgraph expand(const LayerSpec& layer, const Tensors* trained, const Prepared& prepared) const = 0;
  /// The tensors of the layers made, from the float layer's. A framework layer of `made` that gets none starts fresh.
  /// `rng` belongs to the layer `from`.
  virtual Converted convert(const LayerSpec& from, const Tensors& source, const Subgraph& made, Rng& rng) const = 0;
  /// A layer of a type this operator makes, around tensors that convert() or a checkpoint gave.
  virtual std::unique_ptr<Layer> make(const LayerSpec& layer, OwnTensors& own) const = 0;
  /// What a float layer would have to hold to compute the same: "weight" and, where there is one, "bias". The default
  /// throws std::invalid_argument.
  virtual Tensors effective(const LayerSpec& layer, const Tensors& own) const;
};

}  // namespace dsnn
