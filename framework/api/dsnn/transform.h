#pragma once

#include <span>

#include "dsnn/kind.h"
#include "dsnn/rng.h"
#include "dsnn/types.h"

namespace dsnn {

/// One image in planes, C x H x W, float32 in [0, 1] before `normalize`.
struct Image {
  std::span<float> data;
  int64_t channels = 0, height = 0, width = 0;
};

/// A step of data augmentation or normalisation, in place, keeping the shape. Torch-free and thread-safe.
class Transform {
 public:
  using Interface = Transform;
  static constexpr Kind kKind = Kind::transform;
  static constexpr bool kNeedsTorch = false;
  virtual ~Transform();
  /// Random transforms act in training only and draw from `rng`, the stream of (trial seed, epoch, sample).
  virtual void apply(Image image, bool training, Rng& rng) const = 0;
};

}  // namespace dsnn
