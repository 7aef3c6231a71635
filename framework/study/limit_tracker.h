#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "dsnn/types.h"
#include "store/store.h"

namespace dsnn::study {

/// Says which of the study's limits is reached (rule 17). Trials, configurations, full trainings and epochs count what
/// was asked for, so they stop a deterministic study at the same request whatever the timing.
class LimitTracker {
 public:
  /// `kg_per_kwh`: emissions of one kWh here, PUE included.
  LimitTracker(const config::ExperimentSpec& spec, double kg_per_kwh);

  /// One more trial exists; `parent` is the trial it continues. Imported ones were paid for elsewhere.
  void add(const TrialRequest& request, const TrialRequest* parent);
  /// A constraint known before training refused that trial after all: it cost nothing and does not count (rule 15).
  void take_back(const TrialRequest& request, const TrialRequest* parent);
  /// Energy of a finished budget step.
  void add(const Evaluation& evaluation);
  /// Wall seconds of all sessions of this study so far.
  void set_wall_seconds(double seconds) { wall_seconds_ = seconds; }

  /// The limit that forbids another trial, "" = none.
  std::string reached() const;
  /// The limit that is passed by so much that running trials have to stop too, "" = none. Only what grows while they
  /// run: time, energy, emissions; they get a grace of a tenth to end by themselves.
  std::string overrun() const { return used_up(kGrace); }
  /// True when no further configuration may be proposed.
  bool configurations_reached() const;

  int64_t trials() const { return trials_; }
  int64_t configurations() const { return configurations_; }
  double energy_kwh() const { return energy_kwh_; }
  double emissions_kg() const { return energy_kwh_ * kg_per_kwh_; }
  double full_trainings() const { return full_trainings_; }
  double wall_seconds() const { return wall_seconds_; }

 private:
  static constexpr double kGrace = 1.1;

  std::string used_up(double times) const;
  void count(const TrialRequest& request, const TrialRequest* parent, int sign);
  std::optional<double> epochs_of(const TrialRequest& request) const;

  const config::ExperimentSpec& spec_;
  double kg_per_kwh_ = 0;
  int64_t trials_ = 0, configurations_ = 0;
  double full_trainings_ = 0, epochs_ = 0, energy_kwh_ = 0, wall_seconds_ = 0;
};

}  // namespace dsnn::study
