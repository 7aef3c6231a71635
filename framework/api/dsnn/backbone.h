#pragma once

#include "dsnn/graph.h"
#include "dsnn/kind.h"

namespace dsnn {

/// A network architecture. Pure: the same arguments give the same graph. Torch-free.
class Backbone {
 public:
  using Interface = Backbone;
  static constexpr Kind kKind = Kind::backbone;
  static constexpr bool kNeedsTorch = false;
  virtual ~Backbone();

  /// The network for one sample of `input` (C, H, W), with output "logits" of `classes` values.
  /// Throws std::invalid_argument in one sentence when the input does not suit it.
  virtual Graph build(const Shape& input, int64_t classes) const = 0;
};

}  // namespace dsnn
