#pragma once

#include "dsnn/kind.h"

namespace dsnn {

/// A learning-rate schedule: a factor on the optimiser's lr. Pure.
class Schedule {
 public:
  using Interface = Schedule;
  static constexpr Kind kKind = Kind::schedule;
  static constexpr bool kNeedsTorch = false;
  virtual ~Schedule();
  /// `epoch` counts finished epochs with a fraction inside the running one; `horizon` = epochs of the full training.
  virtual double factor(double epoch, double horizon) const = 0;
};

}  // namespace dsnn
