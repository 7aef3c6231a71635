#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsnn/error.h"
#include "dsnn/search_space.h"

namespace dsnn {

/// One sample, no batch axis.
using Shape = std::vector<int64_t>;

enum class Goal { minimize, maximize };
enum class Split { train, validation, test };
const char* to_string(Split split);

/// A named number, `scope.quantity[_unit]` (experiment-language rule 12). May be NaN or infinite.
struct Metric {
  std::string name;
  double value = 0;
};
/// The metric of that name, or nullptr.
const Metric* find_metric(std::span<const Metric> metrics, std::string_view name);
/// Replaces or adds one.
void set_metric(std::vector<Metric>& metrics, std::string_view name, double value);

/// How much of each fidelity axis a trial gets.
struct Budget {
  int bracket = 0;
  int rung = 0;
  std::vector<double> value;  ///< one per declared axis; empty = the full budget of a study without fidelity
  double resource = 1;        ///< 1 = one full training from zero
};

enum class Origin { proposed, promoted, default_, enqueued, imported, replicate };
const char* to_string(Origin origin);
Origin origin_from(const std::string& text);

/// What one trial is asked to do. A trial does not know its study.
struct TrialRequest {
  int64_t number = 0;  ///< position in the study, from 0
  int64_t root = 0;    ///< first trial of the lineage
  int64_t replicate = 0;
  std::optional<int64_t> parent;          ///< the trial this one continues
  std::optional<std::string> start_from;  ///< folder of the parent's checkpoint, relative to the run folder
  Origin origin = Origin::proposed;
  Configuration configuration;
  Budget budget;
  uint64_t seed = 0;  ///< hash(study seed, root, replicate)
};

enum class TrialState { waiting, running, complete, pruned, failed, diverged, infeasible };
const char* to_string(TrialState state);
TrialState trial_state_from(const std::string& text);

/// One joules reading with its provenance. A missing reading is nullopt with a reason, never 0.
struct EnergyReading {
  std::string meter;        ///< component name
  std::string source;       ///< nvml_counter, rapl_powercap, tdp_model, analytic, constant ...
  std::string scope;        ///< gpu, cpu_pkg, dram, ops, accelerator
  std::string attribution;  ///< exclusive, shared, cpu_share
  std::string step;         ///< what the window covered: "training", "validation"
  std::optional<double> joules;
  double sigma_joules = 0;
  double seconds = 0;
  std::string why_missing;
};

/// An objective or constraint value of a finished trial.
struct Measured {
  double value = 0;
  std::optional<double> std_error;
};

/// The immutable result of a trial.
struct Evaluation {
  TrialRequest request;
  TrialState state = TrialState::complete;
  FailKind fail = FailKind::none;
  std::vector<Measured> objectives;  ///< as declared, empty unless complete or diverged
  std::vector<Measured> constraints;
  std::vector<Metric> metrics;  ///< final values, reproducible and measured ones
  std::vector<EnergyReading> readings;
  /// sha256 of what was read, by name ("fashion_mnist training files"): the same in every trial of a study.
  std::map<std::string, std::string> data;
  double seconds = 0;                    ///< wall time of this budget step
  std::optional<double> resource_spent;  ///< full-training equivalents of this step; nullopt = what its budget says
  std::string checkpoint;                ///< folder relative to the run folder, "" = none
  std::string message;                   ///< why it failed, and the warnings of a good trial
};

/// One objective, constraint or recorded metric of the study.
struct Target {
  enum class Role { objective, constraint, recorded };
  Role role = Role::objective;
  std::string name;
  std::string metric;
  Goal goal = Goal::minimize;
  std::optional<double> min, max;   ///< of a constraint
  std::optional<double> reference;  ///< of an objective, in its own direction
  std::string at = "last";          ///< last, best, peak
  std::string meter;                ///< "" = the default of the metric
};

/// What an acquisition strategy may look at: all rungs, failed and infeasible trials included, in number order.
struct History {
  const SearchSpace& space;
  std::span<const Evaluation> finished;
  std::span<const TrialRequest> running;
  std::span<const Target> targets;  ///< objectives first, in declared order
  /// The configurations of finished and running trials, as the study keeps them; nullptr = they are looked through.
  const ConfigurationSet* known = nullptr;

  /// True when the configuration was evaluated, or is being.
  bool contains(const Configuration& configuration) const;
  /// Number of different configurations.
  size_t distinct() const;
};

}  // namespace dsnn
