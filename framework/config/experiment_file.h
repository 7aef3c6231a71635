#pragma once

#include <filesystem>
#include <string>

namespace dsnn::config {

/// Reads a file, or standard input for "-". Throws ConfigError (65, or 78 when it is larger than the limit).
std::string read_experiment_file(const std::filesystem::path& file);

}  // namespace dsnn::config
