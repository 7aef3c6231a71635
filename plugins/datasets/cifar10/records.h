#pragma once

#include <filesystem>

#include "dsnn/image_dataset.h"

namespace dsnn_cifar10 {

/// Appends the records of one CIFAR-10 binary file (label, then 32 x 32 planes R, G, B; 3,073 bytes each), plain or
/// compressed with zstd. Throws dsnn::ConfigError that names the file.
void append_records(const std::filesystem::path& file, dsnn::ImageTable& table);

}  // namespace dsnn_cifar10
