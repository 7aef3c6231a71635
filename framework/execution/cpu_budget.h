#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/spec.h"

namespace dsnn::execution {

/// What this process may use of the machine: its affinity, the CPU quotas and memory limits of its control groups.
struct CpuBudget {
  int affinity = 1;             ///< cores the scheduler may put it on
  std::optional<double> quota;  ///< cores that the control groups leave
  int64_t memory_bytes = 0;     ///< free memory below every limit; 0 = unknown

  /// Whole cores, at least one. A quota of 1.5 is one core: what is over it would be halted in the middle of a step.
  int cores() const;
  /// "2 cores (of 8 it may run on, a control group leaves 2.5)"
  std::string text() const;
};
/// `root` is "/" but in tests.
CpuBudget cpu_budget(int affinity, const std::filesystem::path& root = "/");
CpuBudget cpu_budget();

/// How a study is laid out over the cores. It is a choice of this machine: it changes neither the study's identity nor,
/// in deterministic mode, any result.
///
/// Trials are independent, so a core does most for a search with a worker of its own and one thread: no barrier, no
/// share of a step that cannot be split. More threads are worth it only where cores are left over (a single training,
/// fewer workers than cores), and then only for steps large enough to share; the trainer, which knows the network,
/// decides that (runtime::threads_for). In deterministic mode the sums of a step depend on the number of threads, so it
/// is the file's, 1 by default.
struct Placement {
  int workers = 1;
  int cores_each = 1;  ///< the most threads a worker should use
  int threads = 0;     ///< fixed number of threads inside a trial; 0 = up to cores_each, by the size of the network
  CpuBudget budget;

  /// "2 workers, 1 thread each, on 2 cores (...)"
  std::string text() const;
};
Placement place(const config::ExperimentSpec& spec, const CpuBudget& budget);

/// Variables that an OpenMP runtime reads when it is loaded, for a worker of this placement. Threads that wait sleep
/// instead of spinning, unless the environment asks for it: the core they spin on may be the one another process needs.
std::vector<std::pair<std::string, std::string>> openmp_environment(const Placement& placement);

}  // namespace dsnn::execution
