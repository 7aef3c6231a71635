#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "dsnn/config_view.h"
#include "dsnn/search_space.h"
#include "dsnn/types.h"
#include "plugin/catalog.h"

namespace dsnn::config {

/// What ends a study (rule 17). Absent = no such limit.
struct Limits {
  std::optional<int64_t> trials, configurations;
  std::optional<double> full_trainings, epochs, wall_seconds, energy_kwh, emissions_kg;
  std::optional<double> trial_wall_seconds;
  double trial_stall_seconds = 300;
  std::optional<int64_t> trial_memory_bytes;
  int trial_retries = 0;
};

struct Execution {
  int workers = 0;              ///< 0 = by the cores of the machine that runs it
  std::string device = "auto";  ///< auto, cpu, cuda, cuda:0
  int threads = 0;              ///< inside one trial; 0 = 1 when deterministic, else by cores and network
  bool deterministic = false;
  int lookback = 4;
  bool inline_isolation = false;
  int recycle_trials = 100;
  int64_t recycle_rss_growth_bytes = int64_t{512} << 20;
  std::string keep_checkpoints = "front";  ///< front, all, last, none
};

/// The fidelity axes of a study; none when the section is absent (every trial gets the full budget).
struct Fidelity {
  std::vector<std::string> axes;   ///< key paths: "training.epochs"
  std::vector<std::string> names;  ///< as declared: "epochs"
  std::vector<double> min, max;
  double eta = 3;
  bool continue_from_checkpoint = true;
  bool front_of_any_budget = false;  ///< `front: any`: trials below the full budget may be on the front
};

struct Grid {
  std::string country = "WLD";
  std::optional<int> year;
  std::optional<double> intensity_g_per_kwh;
  double pue = 1.0;
  bool country_given = false;
};

/// The matrix of an experiment file, for the page that shows all its runs.
struct Matrix {
  struct Axis {
    std::string name;
    std::vector<std::string> labels;  ///< in the order of the file
  };
  std::vector<Axis> axes;
  std::vector<std::string> skipped;  ///< names of the cells that `skip` leaves out
  std::vector<int64_t> seeds;        ///< every run is repeated with these
};

/// One study, fully checked, every default filled, immutable: what everything after config works on.
struct ExperimentSpec {
  std::string name;
  std::string cell;                                ///< "" without a matrix; labels joined by '-'
  std::map<std::string, std::string> cell_labels;  ///< axis -> label
  Matrix matrix;                                   ///< the whole file's; not part of the study's identity
  int64_t seed = 0;
  bool seed_in_path = false;                   ///< the file lists several seeds
  std::filesystem::path source;                ///< the experiment file
  std::vector<std::filesystem::path> parents;  ///< of `extends`, nearest first

  /// The resolved experiment. A domain is the map {"$parameter": ID}; a searched section is
  /// {"$choice": ID, "cases": {LABEL: SECTION, ...}}.
  Value tree;
  Origins origins;  ///< of every key path, "default" included
  SearchSpace space;
  std::vector<Target> objectives;
  std::vector<Target> constraints;
  std::vector<Target> recorded;  ///< every metric its components declare as reproducible: what the trial table shows
  Limits limits;
  Execution execution;
  std::optional<Fidelity> fidelity;
  Grid grid;
  std::string evaluator = "train";
  std::vector<std::string> plugins;  ///< names of the plugin files its components come from, alternatives included
  std::vector<Diagnostic> notes;     ///< warnings and notes of a good file

  bool is_search() const { return !space.empty(); }
  /// runs/<name>[/<cell>][/seed-N], relative to the output folder.
  std::filesystem::path folder() const;
  /// The experiment with every domain replaced by the configuration's value. Budget axes keep their full value: the
  /// budget of a trial travels in its request, so schedules know the horizon.
  Value resolve(const Configuration& configuration) const;
  /// Where every value of resolve(configuration) came from: what stands under a choice is found without its label.
  Origins origins_of(const Configuration& configuration) const;
  /// The full budget: fidelity.max, or the value of the default axis.
  Budget full_budget() const;
  /// sha256 of the canonical JSON of the resolved spec without what rule 20 leaves out.
  std::string digest() const;
  /// The keys that differ between two specs' digested parts, for the refusal of rule 20.
  std::vector<std::string> differing_keys(const ExperimentSpec& other) const;
  /// The resolved experiment as YAML text, for experiment.yaml and `plan --resolved` (with origins as comments).
  std::string to_yaml(bool with_origins) const;

  /// Lossless, for workers and the store.
  Value to_json() const;
  static ExperimentSpec from_json(const Value& json);
  /// Of a store, which another version may have written: then nullopt.
  static std::optional<ExperimentSpec> from_text(const std::string& json);
};

struct LoadOptions {
  std::vector<std::string> sets;  ///< "key.path=YAML" of --set
};

/// Reads, checks and expands one file: one spec per matrix cell and seed, in matrix order. All messages go to
/// `diagnostics`; with errors the result is empty. A base (a file without name) gives no specs and, when it was named
/// directly, an error. `-` reads standard input. Opens no plugin.
std::vector<ExperimentSpec> load(const std::filesystem::path& file, const LoadOptions& options,
                                 const plugin::Catalog& catalog, Diagnostics& diagnostics);

}  // namespace dsnn::config
