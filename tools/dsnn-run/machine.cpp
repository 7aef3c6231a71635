#include "machine.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace dsnn::cli {
namespace fs = std::filesystem;
namespace {

/// The value of the first "KEY : VALUE" or "KEY: VALUE" line of a /proc file.
std::string proc_value(const char* file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const size_t start = line.find_first_not_of(" \t", line.find(':') + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

int64_t proc_bytes(const std::string& key) {
  const std::string text = proc_value("/proc/meminfo", key + ":");
  return text.empty() ? 0 : std::strtoll(text.c_str(), nullptr, 10) * 1024;
}

/// The kernel's own list says what the processor has and the kernel allows.
std::vector<std::string> vector_extensions() {
  const std::string flags = " " + proc_value("/proc/cpuinfo", "flags") + proc_value("/proc/cpuinfo", "Features") + " ";
  std::vector<std::string> found;
  for (const char* name : {"sse4_2", "avx", "avx2", "fma", "bmi2", "avx512f", "avx512bw", "avx512vl", "avx512_vnni",
                           "avx512_bf16", "amx_int8", "asimd", "asimddp", "sve", "i8mm"}) {
    if (flags.find(" " + std::string(name) + " ") != std::string::npos) found.emplace_back(name);
  }
  return found;
}

std::string cuda_driver() {
  void* library = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) return "libcuda.so.1 cannot be loaded: no NVIDIA driver here";
  dlclose(library);
  return "";
}

std::vector<EnergyCounter> energy_counters(const fs::path& powercap) {
  std::vector<EnergyCounter> counters;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(powercap, failed)) {
    EnergyCounter counter;
    counter.file = entry.path() / "energy_uj";
    if (!fs::exists(counter.file, failed)) continue;
    std::ifstream(entry.path() / "name") >> counter.name;
    counter.readable = access(counter.file.c_str(), R_OK) == 0;
    counters.push_back(std::move(counter));
  }
  std::sort(counters.begin(), counters.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
  return counters;
}

}  // namespace

Machine this_machine(const fs::path& powercap) {
  Machine machine;
  machine.processor = proc_value("/proc/cpuinfo", "model name");
  machine.isa = vector_extensions();
  machine.memory_bytes = proc_bytes("MemTotal");
  machine.free_bytes = proc_bytes("MemAvailable");
  machine.cuda_driver = cuda_driver();
  machine.counters = energy_counters(powercap);
  return machine;
}

std::vector<fs::path> data_folders(const fs::path& build_folder) {
  std::vector<fs::path> folders;
  if (const char* data = std::getenv("DSNN_DATA"); data != nullptr && *data != '\0') folders.emplace_back(data);
  folders.emplace_back("/usr/share/datasets");
  std::error_code failed;
  for (const fs::path& project : {fs::current_path(failed), build_folder.parent_path()}) {
    folders.push_back(project / ".venv/data");
    folders.push_back(project / ".venv/data/usr/share/datasets");
    folders.push_back((project / "../shared/data").lexically_normal());
  }
  std::vector<fs::path> unique;
  for (fs::path& folder : folders) {
    const bool known = std::find(unique.begin(), unique.end(), folder) != unique.end();
    if (!known && fs::is_directory(folder, failed)) unique.push_back(std::move(folder));
  }
  return unique;
}

}  // namespace dsnn::cli
