#pragma once

#include <filesystem>
#include <vector>

namespace dsnn::training {

/// Where data sets may lie, best first: `root` when it is not empty, DSNN_DATA, /usr/share/datasets, and the folders
/// .venv/data and ../shared/data of the project, taken from the working directory and from this library's build tree.
std::vector<std::filesystem::path> data_folders(const std::filesystem::path& root);

/// Throws ConfigError when DSNN_DATA names no folder: searching on would find other data than the ones that were meant.
void check_data_variable();

}  // namespace dsnn::training
