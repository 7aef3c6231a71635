#pragma once

#include <filesystem>

#include "dsnn/image_dataset.h"

namespace dsnn_cifar10 {

/// Appends the records of one CIFAR-10 binary file (label, then 32 x 32 planes R, G, B; 3,073 bytes each), plain or
/// compressed with zstd. Throws dsnn::ConfigError that names the file.
void append_records(const std::filesystem::path& file, dsnn::ImageTable& table);

/// How many records such a file holds, from its size or its frames; a compressed file that does not say how large it is
/// has to be read. Throws dsnn::ConfigError that names the file.
int64_t count_records(const std::filesystem::path& file);

}  // namespace dsnn_cifar10
