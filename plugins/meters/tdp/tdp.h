#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "dsnn/meter.h"

namespace tdp {

/// What the model reads; tests put their own in.
struct Machine {
  std::function<int64_t()> monotonic_ns;
  std::function<double()> cpu_seconds;  ///< of this process, all threads
  int logical_cpus = 1;
  std::string cpu_name;  ///< "" = unknown
};
Machine this_machine();

/// Power of one logical CPU at full load, and where the number comes from.
struct CorePower {
  double watts = 0;
  std::string source;
};
/// From the package power the user gives, else a table of common processors, else 4 W per logical CPU.
CorePower core_power(const Machine& machine, std::optional<double> tdp_watts);

/// A model, not a measurement: thermal design power x (idle + (1 - idle) x utilisation).
///
/// A process is billed for the share of the package it occupies, one logical CPU at least, so that several workers
/// on one machine add up to the package and not to a multiple of it.
class TdpMeter : public dsnn::Meter {
 public:
  TdpMeter(Machine machine, std::optional<double> tdp_watts, double idle_fraction);
  dsnn::Capability probe() const override;
  int rank() const override { return 3; }
  dsnn::Mark mark() override;
  std::vector<dsnn::EnergyReading> between(const dsnn::Mark& from, const dsnn::Mark& to) const override;

 private:
  Machine machine_;
  CorePower power_;
  double idle_fraction_;
};

}  // namespace tdp
