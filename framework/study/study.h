#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dsnn/types.h"
#include "store/store.h"

namespace dsnn::study {

/// The non-dominated trials among those complete at the full budget whose constraints hold, by the declared
/// objectives. Trial numbers, sorted by the first objective.
std::vector<int64_t> front(const std::vector<store::TrialRecord>& trials, const std::vector<Target>& objectives,
                           const std::vector<Target>& constraints);
/// The knee of that front (pareto/front.h); nullopt when it has fewer than three members.
std::optional<int64_t> knee(const std::vector<store::TrialRecord>& trials, const std::vector<Target>& objectives,
                            const std::vector<Target>& constraints);
/// What hypervolumes of this study are measured against, every objective minimised (maximised ones negated): the
/// targets' references, else the worst finite value of a complete trial at any budget plus 10 % of the range.
std::vector<double> reference_point(const std::vector<store::TrialRecord>& trials,
                                    const std::vector<Target>& objectives);
/// Hypervolume of that front with respect to reference_point(); 0 without a front.
double hypervolume(const std::vector<store::TrialRecord>& trials, const std::vector<Target>& objectives,
                   const std::vector<Target>& constraints);

}  // namespace dsnn::study
