#pragma once

#include <memory>
#include <utility>

#include "dsnn/operator.h"
#include "nn/layers.h"

namespace dsnn::test {

/// One layer that an operator of single layers made.
struct MadeLayer {
  LayerSpec spec;
  Tensors tensors;  ///< as converted
  std::vector<std::string> warnings;
  std::unique_ptr<Layer> layer;
};

/// What stands for the float layer `spec` with the tensors `source`.
inline MadeLayer made_layer(const Operator& op, const LayerSpec& spec, const Tensors& source, uint64_t seed = 5) {
  MadeLayer out;
  const Subgraph by = op.expand(spec, &source, {});
  out.spec = by.layers.at(0);
  out.spec.name = spec.name;
  Rng rng(seed);
  Converted converted = op.convert(spec, source, by, rng);
  out.tensors = converted.tensors;
  out.warnings = std::move(converted.warnings);
  OwnTensors own(spec.name, std::move(converted.tensors));
  out.layer = op.make(out.spec, own);
  own.check_all_taken();
  return out;
}

/// The same from a fresh float layer.
inline MadeLayer made_layer(const Operator& op, const LayerSpec& spec, uint64_t seed = 5) {
  return made_layer(op, spec, nn::start_layer(spec, Rng(seed)), seed);
}

}  // namespace dsnn::test
