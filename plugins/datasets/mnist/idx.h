#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace dsnn_mnist {

/// The contents of an IDX file of unsigned bytes (MNIST's format).
struct IdxFile {
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;
};

/// Reads an IDX file, plain or gzipped. Nothing is allocated before the header is checked: type 0x08, `rank`
/// dimensions, at most 1 GiB. Throws dsnn::ConfigError that names the file, what was expected and what was found.
IdxFile read_idx(const std::filesystem::path& file, size_t rank);

/// The shape of such a file from its header. The rest is read only when the size of the file, or the size that its gzip
/// trailer declares, is not what the header says; then the same errors as from read_idx().
std::vector<int64_t> idx_shape(const std::filesystem::path& file, size_t rank);

}  // namespace dsnn_mnist
