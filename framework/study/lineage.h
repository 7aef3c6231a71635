#pragma once

#include <cstdint>
#include <vector>

#include "store/store.h"

namespace dsnn::study {

/// The trials whose training trial `number` went on with, root first, itself last. A parent that a trial did not start
/// from (`continue: false`, no checkpoint left) is another training and not among them. `trials` by number.
std::vector<const store::TrialRecord*> trained_lineage(const std::vector<store::TrialRecord>& trials, int64_t number);

/// Every epoch that made the weights of a trial, in order: the curves of its trained lineage.
std::vector<store::EpochMetric> trained_history(const store::Store& store,
                                                const std::vector<store::TrialRecord>& trials, int64_t number);

}  // namespace dsnn::study
