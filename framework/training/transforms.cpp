#include "training/transforms.h"

#include <algorithm>
#include <cstring>

namespace dsnn::training {
namespace {

/// out[y][x] = in[y + dy][x + dx] in place, zero where that lies outside.
void shift_plane(float* plane, int64_t height, int64_t width, int64_t dy, int64_t dx) {
  const auto row_bytes = static_cast<size_t>(width) * sizeof(float);
  const auto kept = static_cast<size_t>(std::max<int64_t>(0, width - std::abs(dx)));
  for (int64_t i = 0; i < height; ++i) {
    const int64_t y = dy >= 0 ? i : height - 1 - i;  // the source row must not have been written yet
    float* out = plane + y * width;
    if (y + dy < 0 || y + dy >= height || kept == 0) {
      std::memset(out, 0, row_bytes);
      continue;
    }
    const float* in = plane + (y + dy) * width;
    std::memmove(dx >= 0 ? out : out - dx, dx >= 0 ? in + dx : in, kept * sizeof(float));
    std::fill(dx >= 0 ? out + kept : out, dx >= 0 ? out + width : out - dx, 0.0F);
  }
}

}  // namespace

void RandomCrop::apply(Image image, bool training, Rng& rng) const {
  if (!training || padding_ == 0) return;
  const int64_t dy = rng.integer(-padding_, padding_);
  const int64_t dx = rng.integer(-padding_, padding_);
  const int64_t plane = image.height * image.width;
  for (int64_t c = 0; c < image.channels; ++c)
    shift_plane(image.data.data() + c * plane, image.height, image.width, dy, dx);
}

void HorizontalFlip::apply(Image image, bool training, Rng& rng) const {
  if (!training || rng.uniform() >= p_) return;
  for (int64_t row = 0; row < image.channels * image.height; ++row) {
    float* begin = image.data.data() + row * image.width;
    std::reverse(begin, begin + image.width);
  }
}

Normalize::Normalize(const ConfigView& section) {
  for (const char* key : {"mean", "std"}) {
    if (!section.has(key))
      section.error(key, "'" + std::string(key) + "' is missing, and this data set has no value of its own");
  }
  const std::vector<double> mean = section.numbers("mean"), std = section.numbers("std");
  if (mean.size() != std.size()) section.error("std", "'mean' and 'std' must be of one length");
  for (size_t c = 0; c < mean.size(); ++c) {
    mean_.push_back(static_cast<float>(mean[c]));
    scale_.push_back(static_cast<float>(1.0 / std[c]));
  }
}

void Normalize::apply(Image image, bool, Rng&) const {
  const int64_t plane = image.height * image.width;
  for (int64_t c = 0; c < image.channels; ++c) {
    const size_t channel = std::min(static_cast<size_t>(c), mean_.size() - 1);
    const float mean = mean_[channel], scale = scale_[channel];
    float* pixels = image.data.data() + c * plane;
    for (int64_t i = 0; i < plane; ++i) pixels[i] = (pixels[i] - mean) * scale;
  }
}

}  // namespace dsnn::training
