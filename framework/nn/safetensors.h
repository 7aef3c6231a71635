#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dsnn::nn {

/// One tensor of a safetensors file; `bytes` points into the file's buffer. Torch-free.
struct TensorView {
  std::string dtype;  ///< F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL
  std::vector<int64_t> shape;
  std::span<const uint8_t> bytes;
};

struct SafetensorsIndex {
  std::map<std::string, TensorView> tensors;
  std::map<std::string, std::string> metadata;
};

/// Checks before any allocation: header length <= min(100 MB, file - 8), rank <= 8, no overflow, bytes = product x
/// dtype, ranges sorted, contiguous and inside the file, no duplicate names. Throws std::invalid_argument in one
/// sentence with the offset.
SafetensorsIndex parse_safetensors(std::span<const uint8_t> file);

/// Bytes of one element; 0 for a type this reader does not know.
int64_t bytes_per_element(std::string_view dtype);

/// The bytes of a file with these tensors: wider types first, then by name, so every tensor is aligned to its type;
/// the header is padded to 8 bytes. Throws std::invalid_argument when a view's bytes do not match its shape.
std::string write_safetensors(const std::map<std::string, TensorView>& tensors,
                              const std::map<std::string, std::string>& metadata = {});

}  // namespace dsnn::nn
