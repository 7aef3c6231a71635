#pragma once

#include <memory>

#include "dsnn/graph.h"
#include "dsnn/layer.h"
#include "dsnn/rng.h"

namespace dsnn::nn {

/// A layer of the op table with fresh parameters: PyTorch's default start, Kaiming-uniform with
/// a = sqrt(5), drawn from `rng`. Throws std::invalid_argument for any other type.
std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const Rng& rng);

}  // namespace dsnn::nn
