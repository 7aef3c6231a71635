#pragma once

#include <map>
#include <memory>
#include <string>

#include "dsnn/factory.h"
#include "dsnn/operator.h"

namespace dsnn::nn {

/// Makes the layers of a graph, each by whom its `op` names: the framework, or an operator with the defaults of its
/// section, since a layer's attributes carry what was decided. One thread.
class LayerMakers {
 public:
  /// `factory` must outlive this.
  explicit LayerMakers(const ComponentFactory& factory) : factory_(&factory) {}
  /// For networks without operators.
  LayerMakers() = default;

  /// Throws std::invalid_argument when the tensors do not fit the layer, PluginError when its operator is missing.
  std::unique_ptr<Layer> make(const LayerSpec& spec, OwnTensors& own);

 private:
  const Operator& operator_of(const LayerSpec& spec);

  const ComponentFactory* factory_ = nullptr;
  std::map<std::string, std::unique_ptr<Operator>> operators_;
};

}  // namespace dsnn::nn
