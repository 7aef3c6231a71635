#include "execution/process_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace dsnn::execution {
namespace {

/// Bytes of a line "VmRSS:   1234 kB".
int64_t kilobytes(const std::string& line) { return std::stoll(line.substr(line.find(':') + 1)) * 1024; }

}  // namespace

ProcessUsage process_usage() {
  ProcessUsage out;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) out.rss_bytes = kilobytes(line);
    if (line.starts_with("VmHWM:")) out.peak_rss_bytes = kilobytes(line);
  }
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error))
    ++out.open_files;
  return out;
}

void reset_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5";
}

int64_t resident_bytes(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  int64_t size_pages = 0, resident_pages = 0;
  if (!(statm >> size_pages >> resident_pages)) return 0;
  return resident_pages * ::sysconf(_SC_PAGESIZE);
}

}  // namespace dsnn::execution
