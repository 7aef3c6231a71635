#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace dsnn::nn {

/// "[3, 8, 8]".
inline std::string text_of(at::IntArrayRef shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

}  // namespace dsnn::nn
