#pragma once

#include "dsnn/graph.h"
#include "dsnn/layer.h"

namespace dsnn {

/// A network as a value: its graph, and every parameter and buffer by state-dict name ("layer1.0.conv1.weight").
/// No layers, no device. Tensors are shared when it is copied; whoever makes layers of it copies them.
struct Model {
  Graph graph;
  Tensors tensors;
};

}  // namespace dsnn
