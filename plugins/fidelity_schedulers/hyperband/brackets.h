#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "dsnn/fidelity_scheduler.h"
#include "ranking.h"

/// The shape of one bracket: how many configurations it starts with and the budgets it climbs.
struct BracketShape {
  int lowest_rung = 0;         ///< number of its first rung; rung numbers mean the same budget in every bracket
  int64_t configurations = 0;  ///< on its first rung
};

/// Runs brackets of synchronous successive halving, one shape after the other, for ever.
///
/// A rung is decided when all its trials are in; while a bracket waits, the next one opens, so a caller with free
/// workers always gets something to do. When the space has no new configuration, what is running is finished.
class Brackets : public dsnn::FidelityScheduler {
 public:
  void start(const dsnn::SchedulerSetup& setup) override;
  std::vector<dsnn::RungPlan> plan() const override;
  std::optional<dsnn::TrialRequest> next(dsnn::Proposer& propose) override;
  void observe(const dsnn::Evaluation& evaluation) override;
  bool exhausted() const override;
  bool may_promote(int64_t trial) const override;

 protected:
  /// The brackets of one pass; `top` is the number of the last rung.
  virtual std::vector<BracketShape> shapes(int top, double eta) const = 0;

 private:
  struct Rung {
    int64_t planned = 0;  ///< trials it will have
    int64_t started = 0;
    std::vector<RungEntry> entries;  ///< observed ones
    std::deque<int64_t> promotions;  ///< trials of the rung below, still to be started here
    bool decided = false;            ///< its promotions have been chosen
  };
  struct Bracket {
    int number = 0;
    int lowest_rung = 0;
    std::vector<Rung> rungs;
    std::map<int64_t, dsnn::TrialRequest> requests;  ///< of its trials
    std::map<int64_t, int64_t> child;                ///< trial -> trial that continues it
    std::map<int64_t, bool> finished;                ///< trial -> observed
  };

  dsnn::Budget budget_of(const Bracket& bracket, size_t rung, const dsnn::TrialRequest* parent) const;
  int64_t kept(int64_t rung_size) const;
  void open_bracket();
  /// Chooses the promotions of every complete rung; drops brackets that are done.
  void settle(Bracket& bracket);
  std::optional<dsnn::TrialRequest> next_in(Bracket& bracket, dsnn::Proposer& propose);
  dsnn::TrialRequest promote(Bracket& bracket, size_t rung, int64_t number);
  static bool done(const Bracket& bracket);

  dsnn::SchedulerSetup setup_;
  std::vector<std::vector<double>> budgets_;  ///< per rung number
  std::vector<BracketShape> shapes_;
  std::vector<Bracket> open_;  ///< oldest first
  int opened_ = 0;
  bool space_exhausted_ = false;
};
