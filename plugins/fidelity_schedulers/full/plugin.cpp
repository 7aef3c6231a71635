#include "dsnn/plugin.h"
#include "dsnn/fidelity_scheduler.h"

namespace {

/// Every trial at the full budget: plain, single-fidelity search.
class Full : public dsnn::FidelityScheduler {
 public:
  void start(const dsnn::SchedulerSetup& setup) override { budget_.value = setup.max; }

  std::vector<dsnn::RungPlan> plan() const override {
    return {{.bracket = 0, .rung = 0, .budget = budget_.value, .trials = 0}};
  }

  std::optional<dsnn::TrialRequest> next(dsnn::Proposer& propose) override {
    if (exhausted_) return std::nullopt;
    const int64_t number = propose.next_number();
    std::optional<dsnn::Configuration> configuration = propose.propose({.trial_number = number, .budget = budget_});
    if (!configuration) {
      exhausted_ = true;
      return std::nullopt;
    }
    dsnn::TrialRequest request;
    request.number = request.root = number;
    request.configuration = std::move(*configuration);
    request.budget = budget_;
    return request;
  }

  void observe(const dsnn::Evaluation&) override {}
  bool exhausted() const override { return exhausted_; }
  bool may_promote(int64_t) const override { return false; }

 private:
  dsnn::Budget budget_;
  bool exhausted_ = false;
};

constexpr auto kSchema = dsnn::schema("full", "Every trial at the full budget");
constexpr dsnn::ComponentOptions kOptions{.default_for_kind = true};

}  // namespace

DSNN_PLUGIN("full", "0.3.0", "Apache-2.0", dsnn::component<Full>(kSchema, kOptions));
