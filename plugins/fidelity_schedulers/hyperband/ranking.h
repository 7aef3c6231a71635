#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dsnn/types.h"

/// One trial of a rung as promotion sees it.
struct RungEntry {
  int64_t trial = 0;
  bool usable = false;             ///< complete, with finite objectives: may be promoted
  double violation = 0;            ///< total relative violation of the constraints; 0 = feasible
  std::vector<double> objectives;  ///< all minimised
};

/// What a rung keeps of a finished trial. Failed, diverged and infeasible trials are not usable.
RungEntry rung_entry(const dsnn::Evaluation& evaluation, std::span<const dsnn::Target> targets);

/// The trials to promote, at most `count`, best first: feasible before infeasible (by violation), feasible ones by
/// non-dominated fronts, the front that is cut in epsilon-net order on objectives normalised over the rung (search
/// specification 4.1), which starts at the best of objective number `first`. Ties by trial number, so the order of
/// `entries` does not matter.
std::vector<int64_t> promoted(std::vector<RungEntry> entries, size_t count, size_t first);
