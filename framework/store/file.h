#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dsnn::store {

/// The one way a file is written: a temporary file beside it, every return checked, fdatasync, rename, fsync of the
/// folder. Nothing half-written ever stands under the final name. Throws ExitError 74 (disk full, I/O) or 73.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Deletes what processes that were killed while writing left in a run's folder and below its trials, models and
/// source. The caller holds the run's lock; what else lies in the folder may be somebody else's and is not looked into.
void remove_half_written(const std::filesystem::path& run_folder);

/// The whole file. Throws ExitError 74.
std::string read_file(const std::filesystem::path& path);

std::string sha256_hex(std::string_view bytes);
std::string sha256_file(const std::filesystem::path& path);

}  // namespace dsnn::store
