#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dsnn/graph.h"
#include "dsnn/kind.h"
#include "dsnn/layer.h"

namespace dsnn {

/// Replaces layers by layers of another arithmetic. Which layers (`layers`, `overrides`, `depth`, `linear`) is decided
/// by the framework's walker; an operator sees one layer at a time.
class Operator {
 public:
  using Interface = Operator;
  static constexpr Kind kKind = Kind::op;
  static constexpr bool kNeedsTorch = true;
  virtual ~Operator();

  virtual bool accepts(const LayerSpec& layer) const = 0;
  /// 1..n layers for one. `trained` holds the layer's tensors by relative name, or is nullptr when only shapes are
  /// known. Every decision ends up in attributes.
  virtual Subgraph expand(const LayerSpec& layer, const Tensors* trained) const = 0;
  /// A layer of a type this operator makes, with fresh parameters drawn from `rng`.
  virtual std::unique_ptr<Layer> make(const LayerSpec& layer, Rng& rng) const = 0;
  /// Fills freshly made layers from the float layer's tensors. The names are "weight", "bias". Returns what the user
  /// should know of it ("most weights ended on the lowest power"), one sentence each.
  virtual std::vector<std::string> convert(const Tensors& source, std::span<Layer* const> into) const = 0;
};

}  // namespace dsnn
