#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dsnn::cli {

/// One domain of the processor's energy counter.
struct EnergyCounter {
  std::string name;            ///< "package-0", "dram"
  std::filesystem::path file;  ///< its energy_uj
  bool readable = false;
};

/// What this machine offers; nothing is started, no CUDA context is made.
struct Machine {
  std::string processor;         ///< as /proc/cpuinfo names it
  std::vector<std::string> isa;  ///< vector extensions that kernels may use
  int64_t memory_bytes = 0, free_bytes = 0;
  std::string cuda_driver;  ///< "" = libcuda.so.1 loads, else why not
  std::vector<EnergyCounter> counters;
};

/// `powercap`: the folder of the energy counters, another one in tests.
Machine this_machine(const std::filesystem::path& powercap = "/sys/class/powercap");

/// Folders with data sets, in the order in which a data set looks for its files.
std::vector<std::filesystem::path> data_folders(const std::filesystem::path& build_folder);

}  // namespace dsnn::cli
