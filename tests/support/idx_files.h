#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "dsnn/rng.h"

namespace dsnn::test {

inline void write_bytes(const std::filesystem::path& file, const std::vector<uint8_t>& bytes) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

/// The bytes of an IDX file of unsigned bytes.
inline std::vector<uint8_t> idx_bytes(const std::vector<uint32_t>& shape, const std::vector<uint8_t>& data) {
  std::vector<uint8_t> bytes = {0, 0, 8, static_cast<uint8_t>(shape.size())};
  for (uint32_t extent : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<uint8_t>(extent >> shift));
  }
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

struct Digits {
  std::vector<uint8_t> images, labels;
};

/// Images a small network can learn: a bright 6 x 6 square whose place tells the class, over noise.
inline Digits make_digits(uint32_t count, uint64_t seed) {
  Digits digits;
  Rng rng(seed);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t label = i % 10;
    std::vector<uint8_t> image(28 * 28);
    for (uint8_t& pixel : image) pixel = static_cast<uint8_t>(rng.integer(0, 60));
    const uint32_t y0 = 2 + label / 5 * 12, x0 = 1 + label % 5 * 5;
    for (uint32_t y = y0; y < y0 + 6; ++y) {
      for (uint32_t x = x0; x < x0 + 5; ++x) image[y * 28 + x] = static_cast<uint8_t>(rng.integer(180, 255));
    }
    digits.images.insert(digits.images.end(), image.begin(), image.end());
    digits.labels.push_back(static_cast<uint8_t>(label));
  }
  return digits;
}

/// Writes the four files of a data set in MNIST's format, not compressed.
inline void write_digits(const std::filesystem::path& folder, uint32_t train, uint32_t test) {
  for (const auto& [prefix, count, seed] : {std::tuple{"train", train, 1U}, std::tuple{"t10k", test, 2U}}) {
    const Digits digits = make_digits(count, seed);
    write_bytes(folder / (std::string(prefix) + "-images-idx3-ubyte"), idx_bytes({count, 28, 28}, digits.images));
    write_bytes(folder / (std::string(prefix) + "-labels-idx1-ubyte"), idx_bytes({count}, digits.labels));
  }
}

}  // namespace dsnn::test
