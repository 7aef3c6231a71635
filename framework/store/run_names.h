#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dsnn::store {

/// Whether `folder` holds a run: a study.sqlite.
bool is_run(const std::filesystem::path& folder);

/// The runs below `folder` and in it, sorted. What a run keeps in trials, models and source is not searched.
std::vector<std::filesystem::path> find_runs(const std::filesystem::path& folder);

/// What a run of dsnn-run keeps directly in its folder, files and folders; whoever writes another one there adds it. A
/// backup of the store has a number in its name and is not among them.
std::span<const std::string_view> run_file_names();

/// Whether a run of dsnn-run keeps something under this name directly in its folder.
bool is_run_file(std::string_view name);

/// The first file of a run in `folder`, which holds none; "" when there is none. The lock file and empty folders do not
/// count: a start that was killed leaves them.
std::string left_of_a_run(const std::filesystem::path& folder);

/// The run that `file` belongs to as one of the files that dsnn-run keeps there, links followed; nullopt when it is no
/// such file.
std::optional<std::filesystem::path> run_that_owns(const std::filesystem::path& file);

}  // namespace dsnn::store
