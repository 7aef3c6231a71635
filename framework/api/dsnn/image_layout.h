#pragma once

#include <ATen/core/Tensor.h>

namespace dsnn {

/// The same images, [n, C, H, W], with the channels of a pixel side by side: the layout in which convolutions and pools
/// on the CPU are fastest (measured: 1.2 to 2.5 times; a step of simple_cnn takes 0.6 of the time). Layers keep the
/// layout of what they are given. Other tensors are returned as they are.
inline at::Tensor channels_last(const at::Tensor& images) {
  if (images.dim() != 4) return images;
  if (images.size(1) > 1) return images.contiguous(at::MemoryFormat::ChannelsLast);
  // One channel: the bytes are the same, but only these strides tell the layers which layout is meant.
  const int64_t height = images.size(2), width = images.size(3);
  return images.contiguous().as_strided(images.sizes(), {height * width, 1, width, 1});
}

}  // namespace dsnn
