#pragma once

#include <vector>

#include "dsnn/fidelity_scheduler.h"
#include "dsnn/kind.h"
#include "dsnn/types.h"

namespace dsnn {

/// Proposes configurations. A function of (seed, history, ask), which keeps no state.
///
/// Called in a copy of the driver process, which a stop request may end at any time; what a call leaves in memory is
/// gone with it. `rng` is the stream of the asked trial number.
class AcquisitionStrategy {
 public:
  using Interface = AcquisitionStrategy;
  static constexpr Kind kKind = Kind::acquisition;
  static constexpr bool kNeedsTorch = false;
  virtual ~AcquisitionStrategy();

  /// Configurations it proposes before it has learnt anything, 0 = it does not learn.
  virtual int64_t initial_size(const SearchSpace& space) const;
  /// One configuration that is neither finished nor running, or nullopt when the space is exhausted.
  virtual std::optional<Configuration> suggest(const History& history, const Ask& ask, Rng& rng) = 0;
};

}  // namespace dsnn
