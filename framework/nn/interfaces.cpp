// Key functions of the torch-facing interfaces: one vtable each, all in libdsnn_torch.so.
#include <array>
#include <stdexcept>

#include "dsnn/dataset.h"
#include "dsnn/layer.h"
#include "dsnn/operator.h"
#include "dsnn/optimizer.h"
#include "dsnn/task.h"

namespace dsnn {

Dataset::~Dataset() = default;
Layer::~Layer() = default;
Loss::~Loss() = default;
Operator::~Operator() = default;
Optimizer::~Optimizer() = default;
Scores::~Scores() = default;
Task::~Task() = default;

std::map<std::string, std::string> Dataset::checksums() const { return {}; }
at::Tensor Layer::penalty(double) { return {}; }
void Layer::before_step() {}
std::vector<Metric> Layer::diagnostics() const { return {}; }

Prepared Operator::prepare(const Graph&, std::span<const int>, const Tensors*) const { return {}; }

Tensors Operator::effective(const LayerSpec& layer, const Tensors&) const {
  throw std::invalid_argument("layer '" + layer.name + "' (" + layer.type + ") has no float form");
}

const char* to_string(Role role) {
  static constexpr std::array kNames = {"weight", "bias", "norm", "shift", "sign", "adder"};
  return kNames[static_cast<size_t>(role)];
}

}  // namespace dsnn
