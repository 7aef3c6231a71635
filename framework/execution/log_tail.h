#pragma once

#include <filesystem>
#include <string>

namespace dsnn::execution {

/// The end of a trial's log.
struct LogTail {
  std::string crash;  ///< what the crash report said ("signal SIGSEGV in x.dsnn.so"), "" = nothing
  std::string lines;  ///< the last few other lines, joined by " | ", control characters replaced
};
LogTail log_tail(const std::filesystem::path& file);

}  // namespace dsnn::execution
