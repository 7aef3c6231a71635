#pragma once

#include <memory>

#include "dsnn/graph.h"
#include "dsnn/layer.h"
#include "dsnn/rng.h"

namespace dsnn::nn {

/// Fresh tensors of a layer of the op table by relative name: PyTorch's default start, Kaiming-uniform with a =
/// sqrt(5), drawn from `rng`. Throws std::invalid_argument for any other type.
Tensors start_layer(const LayerSpec& spec, const Rng& rng);

/// A layer of the op table around its tensors. Throws std::invalid_argument for any other type, and where they do not
/// fit.
std::unique_ptr<Layer> make_layer(const LayerSpec& spec, OwnTensors& own);

}  // namespace dsnn::nn
