#pragma once

#include <memory>

#include "dsnn/acquisition.h"
#include "execution/signals.h"

namespace dsnn::execution {

/// Asks another strategy in a copy of this process, so that a stop request ends a proposal at once, however long it
/// takes, and a crash of the strategy is an error and not the end of the driver. Killed from outside, it is asked
/// again.
///
/// After a stop request suggest() returns nothing; whoever asked must look at the requests before he believes that the
/// space is exhausted. What the strategy throws is thrown here; a crash is a PluginError. Throws ExitError 70 when no
/// process can be started.
class ForkedAcquisition : public AcquisitionStrategy {
 public:
  ForkedAcquisition(std::unique_ptr<AcquisitionStrategy> strategy, StopSignals* stop);
  std::optional<Configuration> suggest(const History& history, const Ask& ask, Rng& rng) override;
  int64_t initial_size(const SearchSpace& space) const override { return strategy_->initial_size(space); }

 private:
  std::unique_ptr<AcquisitionStrategy> strategy_;
  StopSignals* stop_;
};

}  // namespace dsnn::execution
