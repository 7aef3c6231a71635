#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dsnn/value.h"
#include "run_reader.h"

namespace dsnn::cli {

/// How a run stands, as `status` prints it.
struct RunStatus {
  struct Best {
    std::string objective;
    double value = 0;
    int64_t trial = 0;
  };
  std::string folder, name;
  std::string state;       ///< running, finished, interrupted, killed
  std::string driver;      ///< the process at work, "" = none
  std::string stopped_by;  ///< the limit that ended it
  int64_t done = 0, running = 0, waiting = 0, failed = 0, diverged = 0, infeasible = 0;
  std::optional<int64_t> left;  ///< until limits.trials; nullopt without that limit
  std::optional<double> eta_seconds;
  std::vector<Best> best;  ///< per objective, of the front
  size_t front_size = 0;
  std::string front_of;  ///< which trials it is of: " at epochs 9"
  std::optional<double> hypervolume;
  std::string hypervolume_remark;
  std::vector<std::string> notes;
  double kwh = 0, kg = 0;
  std::string energy_label;
  int64_t disk_bytes = 0;
  std::string table_sha256;

  bool alive() const { return state == "running"; }
};

RunStatus status_of(const Run& run);
Value to_value(const RunStatus& status);
/// What to add to a hypervolume that later trials can make smaller; "" when every objective has a reference.
std::string hypervolume_remark(const study::FrontRule& rule);
/// Several lines for people.
std::string to_text(const RunStatus& status);
/// The head and one row per run.
std::string table_of(const std::vector<RunStatus>& runs);

}  // namespace dsnn::cli
