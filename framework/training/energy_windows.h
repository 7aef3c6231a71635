#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dsnn/config_view.h"
#include "dsnn/factory.h"
#include "dsnn/meter.h"

namespace dsnn::training {

/// Reads the meters of `meters.use` over the windows of a trial, one sum per meter, source and kind of window.
class EnergyWindows {
 public:
  EnergyWindows(const ConfigView& experiment, const ComponentFactory& factory);

  /// Opens a window; the one before it must be closed.
  void open();
  /// Adds the energy since open() to the sum of `step` ("training", "validation").
  void close(const std::string& step);

  /// Takes over what an earlier attempt of the trial has measured, for the sums to go on from there.
  void continue_from(std::vector<EnergyReading> readings);

  const std::vector<EnergyReading>& readings() const { return readings_; }

 private:
  std::vector<std::unique_ptr<Meter>> meters_;
  std::vector<Mark> marks_;
  std::vector<EnergyReading> readings_;
};

}  // namespace dsnn::training
