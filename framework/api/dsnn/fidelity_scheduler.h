#pragma once

#include <optional>
#include <vector>

#include "dsnn/kind.h"
#include "dsnn/types.h"

namespace dsnn {

/// One planned rung, for `dsnn-run plan`.
struct RungPlan {
  int bracket = 0;
  int rung = 0;
  std::vector<double> budget;
  int64_t trials = 0;  ///< per pass over all brackets
};

/// One new configuration is wanted.
struct Ask {
  int64_t trial_number = 0;
  Budget budget;
};

/// Gives new configurations to a fidelity scheduler: from the acquisition strategy, or from the store on replay.
class Proposer {
 public:
  virtual ~Proposer();
  /// nullopt when the space is exhausted: no configuration is left that was not evaluated.
  virtual std::optional<Configuration> propose(const Ask& ask) = 0;
  /// The number the next request will have.
  virtual int64_t next_number() const = 0;
};

/// What a scheduler is told of its study at creation.
struct SchedulerSetup {
  std::vector<double> min, max;  ///< per budget axis; empty = a study without fidelity
  double eta = 3;
  bool continue_from_checkpoint = true;
  std::vector<Target> targets;  ///< objectives first
  uint64_t seed = 0;
};

/// Decides which trial runs next and at which budget.
///
/// Called from the driver thread only. Deterministic: the same seed and the same order of calls give the same
/// requests; it never asks how many workers there are or what time it is. The default trial (Origin::default_)
/// is outside the brackets and is not observed.
class FidelityScheduler {
 public:
  using Interface = FidelityScheduler;
  static constexpr Kind kKind = Kind::fidelity_scheduler;
  static constexpr bool kNeedsTorch = false;
  virtual ~FidelityScheduler();

  /// Called once, before anything else.
  virtual void start(const SchedulerSetup& setup) = 0;
  virtual std::vector<RungPlan> plan() const = 0;
  /// The next trial (number, root, parent, origin, configuration and budget filled; seed and start_from left to the
  /// loop), or nullopt when nothing more can start until observe() is called, or ever (see exhausted()).
  virtual std::optional<TrialRequest> next(Proposer& propose) = 0;
  /// Takes one finished trial, in number order in deterministic mode. Failed trials arrive too, with empty objectives.
  virtual void observe(const Evaluation& evaluation) = 0;
  /// True when next() will never return anything again.
  virtual bool exhausted() const = 0;
  /// True when the checkpoint of this finished trial may still be needed by a promotion.
  virtual bool may_promote(int64_t trial) const = 0;
};

}  // namespace dsnn
