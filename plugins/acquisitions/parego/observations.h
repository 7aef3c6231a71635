#pragma once

#include <optional>
#include <vector>

#include "dsnn/acquisition.h"
#include "encoded_space.h"

namespace parego {

/// What a model learns from: one row per finished trial with finite objectives, all rungs, plus the labels of the
/// feasibility model. Objectives are minimised, brought to the scale of the full budget by the
/// configurations that were seen at more than one, and normalised so that the front spans [0, 1].
struct Observations {
  size_t columns = 0;  ///< of a feature row: parameters, and the budget if there is one
  std::vector<int> categories;
  std::vector<double> points;                   ///< unit coordinates, per row
  std::vector<float> features;                  ///< per row
  std::vector<std::vector<double>> objectives;  ///< per row
  std::vector<size_t> front;                    ///< rows that no other dominates, constraints kept where any keeps them
  std::vector<float> pending;                   ///< feature rows of running trials
  std::vector<float> outcomes;                  ///< feature rows (parameters only) of trials that succeeded or failed
  std::vector<double> succeeded;                ///< 1 or 0 per row of `outcomes`
  float full_budget = 0;                        ///< the budget column at full budget
  bool has_budget = false;

  size_t rows() const { return objectives.size(); }
};

Observations observe(const dsnn::History& history, const dsnn::Ask& ask, const EncodedSpace& space, dsnn::Rng rng);

/// New configurations asked for so far, running ones included: promotions, the default trial and imports do not count.
int64_t proposals(const dsnn::History& history);

}  // namespace parego
