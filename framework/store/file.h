#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dsnn::store {

/// The one way a file of ours is written: a temporary file beside it, every return checked, fdatasync, rename, fsync of
/// the folder. Nothing half-written ever stands under the final name. Its mode is 0666 less the umask. Throws ExitError
/// 74 (disk full, I/O) or 73.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Makes renames in `folder` durable. Throws ExitError 74 or 73.
void sync_folder(const std::filesystem::path& folder);

/// Writes what a user asked for at a place that the user names. A regular file is replaced as above, in its own folder
/// when `path` is a link, and keeps its mode; pipes, devices and open streams are written into and stay what they are.
/// Throws ExitError 73 for a folder or a run's own file, 74 for a full disk or device and a reader that went away.
void write_output(const std::filesystem::path& path, std::string_view bytes);

/// Deletes what processes that were killed while writing left in a run's folder and below its trials, models and
/// source. The caller holds the run's lock; what else lies in the folder may be somebody else's and is not looked into.
void remove_half_written(const std::filesystem::path& run_folder);

/// The whole file. Throws ExitError 74.
std::string read_file(const std::filesystem::path& path);

std::string sha256_hex(std::string_view bytes);
std::string sha256_file(const std::filesystem::path& path);

}  // namespace dsnn::store
