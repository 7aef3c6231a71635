#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dsnn/graph.h"
#include "dsnn/kind.h"

namespace dsnn {

/// The cost of one layer for one sample at batch 1.
struct LayerCost {
  std::string layer;
  std::string type;
  int64_t multiplications = 0, shifts = 0, adds = 0;
  double ops_mj = 0, memory_mj = 0;
};

struct Cost {
  double energy_mj = 0;  ///< per sample, ops + memory
  double ops_mj = 0, memory_mj = 0;
  std::optional<double> latency_ms;  ///< not every model has one
  int64_t multiplications = 0, shifts = 0, adds = 0;
  std::vector<LayerCost> layers;
};

/// Analytic energy of one inference. Pure, exact, integer inside; needs Graph::infer_shapes. Torch-free.
class CostModel {
 public:
  using Interface = CostModel;
  static constexpr Kind kKind = Kind::cost_model;
  static constexpr bool kNeedsTorch = false;
  virtual ~CostModel();
  virtual Cost cost(const Graph& graph) const = 0;
};

}  // namespace dsnn
