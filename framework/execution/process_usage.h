#pragma once

#include <sys/types.h>

#include <cstdint>

namespace dsnn::execution {

/// Memory and descriptors of this process, now.
struct ProcessUsage {
  int64_t rss_bytes = 0;
  int64_t peak_rss_bytes = 0;  ///< since the last reset_peak(), or since the start where the kernel cannot reset it
  int64_t open_files = 0;
};
ProcessUsage process_usage();
void reset_peak();

/// Resident memory of another process, 0 when it is gone.
int64_t resident_bytes(pid_t pid);

}  // namespace dsnn::execution
