#pragma once

#include <vector>

#include "dsnn/config_view.h"
#include "dsnn/transform.h"

namespace dsnn::training {

/// Pads with zeros by `padding` pixels on each side and takes a random window of the image's own size.
class RandomCrop : public Transform {
 public:
  explicit RandomCrop(const ConfigView& section) : padding_(section.integer("padding")) {}
  void apply(Image image, bool training, Rng& rng) const override;

 private:
  int64_t padding_;
};

/// Mirrors the image left to right with probability `p`.
class HorizontalFlip : public Transform {
 public:
  explicit HorizontalFlip(const ConfigView& section) : p_(section.number("p")) {}
  void apply(Image image, bool training, Rng& rng) const override;

 private:
  double p_;
};

/// (x - mean) / std, one pair per channel. The data set fills in its own constants where the section has none.
class Normalize : public Transform {
 public:
  explicit Normalize(const ConfigView& section);
  void apply(Image image, bool training, Rng& rng) const override;

 private:
  std::vector<float> mean_, scale_;
};

}  // namespace dsnn::training
