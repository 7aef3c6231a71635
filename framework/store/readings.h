#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dsnn/types.h"
#include "dsnn/value.h"

namespace dsnn::store {

/// Trust order of the energy-meters specification: 1 counters, 2 integrated power, 3 models of utilisation, 4 time
/// times a constant. 0 = not a measurement (analytic).
int rank_of_source(const std::string& source);

/// Joules of one budget step: per window and scope the best-ranked reading, summed over windows and scopes. Windows
/// called "step" or "trial" cover the whole step; when there is one, the others lie inside and are left out. nullopt
/// when nothing was measured, never 0 for a missing reading.
std::optional<double> measured_joules(std::span<const EnergyReading> readings);
/// The readings that measured_joules sums. Of one rank all count: they are different devices.
std::vector<const EnergyReading*> best_readings(std::span<const EnergyReading> readings);
/// The worst rank that measured_joules used; 0 = nothing measured.
int worst_rank(std::span<const EnergyReading> readings);
/// The same sum for one kind of hardware: scopes "gpu", "cpu_pkg", "dram", ...
std::optional<double> measured_joules(std::span<const EnergyReading> readings, const std::string& scope);

Value to_value(const EnergyReading& reading);
/// The inverse. Throws std::invalid_argument when a member is missing or of another type.
EnergyReading reading_from(const Value& value);

}  // namespace dsnn::store
