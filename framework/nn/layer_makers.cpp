#include "nn/layer_makers.h"

#include "dsnn/error.h"
#include "nn/layers.h"

namespace dsnn::nn {

std::unique_ptr<Layer> LayerMakers::make(const LayerSpec& spec, OwnTensors& own) {
  auto layer = spec.op.empty() ? make_layer(spec, own) : operator_of(spec).make(spec, own);
  own.check_all_taken();
  return layer;
}

const Operator& LayerMakers::operator_of(const LayerSpec& spec) {
  std::unique_ptr<Operator>& op = operators_[spec.op];
  if (op != nullptr) return *op;
  if (factory_ == nullptr) {
    throw PluginError("layer '" + spec.name + "' needs the operator '" + spec.op + "', which is not there");
  }
  op = factory_->make_default<Operator>(spec.op);
  return *op;
}

}  // namespace dsnn::nn
