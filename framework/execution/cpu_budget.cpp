#include "execution/cpu_budget.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "execution/control_group.h"

namespace dsnn::execution {
namespace {

/// LibTorch, a data set and a network of some size; a worker more than fits would be killed for want of memory.
constexpr int64_t kWorkerBytes = int64_t{1} << 30;

std::string counted(int64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

int allowed_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  return std::max(1, ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : static_cast<int>(online));
}

int64_t available_memory(const std::filesystem::path& root) {
  std::ifstream file(root / "proc/meminfo");
  std::string word;
  int64_t kilobytes = 0;
  for (std::string line; std::getline(file, line);) {
    if (std::sscanf(line.c_str(), "MemAvailable: %ld kB", &kilobytes) == 1) return kilobytes * 1024;
  }
  return 0;
}

bool is_cuda(const std::string& device) { return device.starts_with("cuda"); }

/// One trial a core, but no more than can run at once, nor than memory holds; a GPU or the driver itself holds one.
int default_workers(const config::ExperimentSpec& spec, const CpuBudget& budget) {
  if (!spec.is_search() || is_cuda(spec.execution.device) || spec.execution.inline_isolation) return 1;
  int64_t workers = budget.cores();
  if (budget.memory_bytes > 0) workers = std::min(workers, budget.memory_bytes / kWorkerBytes);
  if (spec.execution.deterministic) workers = std::min<int64_t>(workers, spec.execution.lookback);
  if (spec.limits.trials) workers = std::min(workers, *spec.limits.trials);
  return static_cast<int>(std::max<int64_t>(1, workers));
}

}  // namespace

int CpuBudget::cores() const {
  const double least = quota ? std::min(static_cast<double>(affinity), *quota) : affinity;
  return std::max(1, static_cast<int>(std::floor(least + 1e-6)));
}

std::string CpuBudget::text() const {
  std::string out = counted(cores(), "core");
  if (!quota) return out;
  char text[80];
  std::snprintf(text, sizeof text, " (it may run on %d; the quota of a control group leaves %.3g)", affinity, *quota);
  return out + text;
}

CpuBudget cpu_budget(int affinity, const std::filesystem::path& root) {
  CpuBudget out{.affinity = affinity, .quota = cpu_quota(root), .memory_bytes = available_memory(root)};
  if (const std::optional<int64_t> limit = memory_limit(root); limit && out.memory_bytes > *limit)
    out.memory_bytes = *limit;
  return out;
}

CpuBudget cpu_budget() { return cpu_budget(allowed_cores()); }

Placement place(const config::ExperimentSpec& spec, const CpuBudget& budget) {
  Placement out;
  out.budget = budget;
  out.workers = spec.execution.workers > 0 ? spec.execution.workers : default_workers(spec, budget);
  if (spec.execution.inline_isolation) out.workers = 1;
  out.threads = spec.execution.threads > 0 ? spec.execution.threads : spec.execution.deterministic ? 1 : 0;
  out.cores_each = out.threads > 0 ? out.threads : std::max(1, budget.cores() / out.workers);
  if (out.cores_each == 1) out.threads = 1;
  return out;
}

std::string Placement::text() const {
  const bool by_size = threads == 0;
  std::string out = counted(workers, "worker") + ", " + (by_size ? "up to " : "") +
                    counted(by_size ? cores_each : threads, "thread") + (workers == 1 ? "" : " each") + ", on " +
                    budget.text();
  const int64_t wanted = int64_t{workers} * cores_each;
  if (wanted > budget.cores()) out += "; they will share the cores";
  return out;
}

std::vector<std::pair<std::string, std::string>> openmp_environment(const Placement& placement) {
  std::vector<std::pair<std::string, std::string>> out = {{"OMP_NUM_THREADS", std::to_string(placement.cores_each)}};
  if (::getenv("OMP_WAIT_POLICY") == nullptr) out.emplace_back("OMP_WAIT_POLICY", "passive");
  return out;
}

}  // namespace dsnn::execution
