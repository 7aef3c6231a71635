#pragma once

#include <filesystem>
#include <vector>

namespace dsnn::training {

/// Where data sets may lie, best first: `root` when it is not empty, DSNN_DATA, /usr/share/datasets, and the folders
/// .venv/data and ../shared/data of the project, taken from the working directory and from this library's build tree.
std::vector<std::filesystem::path> data_folders(const std::filesystem::path& root);

}  // namespace dsnn::training
