#include <ATen/core/grad_mode.h>

#include <stdexcept>
#include <utility>

#include "dsnn/layer.h"
#include "nn/shapes.h"

namespace dsnn {

OwnTensors::OwnTensors(std::string layer, Tensors tensors) : layer_(std::move(layer)), tensors_(std::move(tensors)) {}

at::Tensor OwnTensors::buffer(const std::string& name, const std::vector<int64_t>& shape) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw std::invalid_argument("the tensor '" + layer_ + "." + name + "' is missing");
  if (found->second.sizes() != at::IntArrayRef(shape)) {
    throw std::invalid_argument("the tensor '" + layer_ + "." + name + "' has the shape " +
                                nn::text_of(found->second.sizes()) + ", expected " + nn::text_of(shape));
  }
  const at::NoGradGuard no_grad;
  at::Tensor out = found->second.detach().clone(at::MemoryFormat::Contiguous);
  tensors_.erase(found);
  return out;
}

at::Tensor OwnTensors::parameter(const std::string& name, const std::vector<int64_t>& shape) {
  return buffer(name, shape).set_requires_grad(true);
}

void OwnTensors::check_all_taken() const {
  if (!tensors_.empty()) {
    throw std::invalid_argument("the layer '" + layer_ + "' has no tensor '" + tensors_.begin()->first + "'");
  }
}

}  // namespace dsnn
