#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "dsnn/search_space.h"
#include "store/run_lock.h"
#include "store/run_names.h"
#include "store/store.h"
#include "study/study.h"

namespace dsnn::cli {

/// A run read from its store alone: finished, running in another process, killed or copied from elsewhere.
struct Run {
  std::filesystem::path folder;
  std::unique_ptr<store::Store> store;
  store::StudyRecord study;
  std::vector<store::TrialRecord> trials;  ///< by number
  study::FrontRule rule;
  SearchSpace space;
  std::optional<config::ExperimentSpec> spec;  ///< nullopt when another version wrote it
  std::optional<store::LockHolder> driver;     ///< the process that drives it now
  std::vector<int64_t> front;                  ///< numbers, by the first objective
  std::optional<int64_t> knee;

  const store::TrialRecord* find(int64_t number) const;
};

/// Opens the run in a folder (or of a study.sqlite). Throws ExitError 69 when there is none, 78 when it is newer.
Run open_run(const std::filesystem::path& path);

using store::find_runs;
using store::is_run;

/// The parameters that differ from `base`, as {id, this value, base's value}; "" = inactive.
std::vector<std::vector<std::string>> differences(const Configuration& mine, const Configuration& base);

/// The shortest endings of the ids that tell them apart: "operator.method" -> "method".
std::vector<std::string> short_ids(const std::vector<std::string>& ids);

/// A value for people: four significant digits for a float.
std::string short_text(const Value& value);

}  // namespace dsnn::cli
