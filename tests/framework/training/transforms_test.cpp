#include "training/transforms.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "support/components.h"

namespace dsnn::training {
namespace {

class Picture {
 public:
  Picture(int64_t channels, int64_t height, int64_t width) : channels_(channels), height_(height), width_(width) {
    pixels_.resize(static_cast<size_t>(channels * height * width));
    std::iota(pixels_.begin(), pixels_.end(), 1.0F);
  }
  Image image() { return {.data = pixels_, .channels = channels_, .height = height_, .width = width_}; }
  float at(int64_t c, int64_t y, int64_t x) const {
    if (y < 0 || x < 0 || y >= height_ || x >= width_) return 0;
    return pixels_[static_cast<size_t>((c * height_ + y) * width_ + x)];
  }
  const std::vector<float>& pixels() const { return pixels_; }

 private:
  int64_t channels_, height_, width_;
  std::vector<float> pixels_;
};

std::unique_ptr<Transform> make(const std::string& json) {
  return test::components().factory().make<Transform>(test::view_of(test::section_of(Kind::transform, json)));
}

/// The shift that turns `from` into `to`, or nullopt-like {99, 99}.
std::pair<int64_t, int64_t> shift_between(const Picture& from, const Picture& to, int64_t most) {
  for (int64_t dy = -most; dy <= most; ++dy) {
    for (int64_t dx = -most; dx <= most; ++dx) {
      bool same = true;
      for (int64_t c = 0; c < 2 && same; ++c) {
        for (int64_t y = 0; y < 5 && same; ++y) {
          for (int64_t x = 0; x < 7 && same; ++x) same = to.at(c, y, x) == from.at(c, y + dy, x + dx);
        }
      }
      if (same) return {dy, dx};
    }
  }
  return {99, 99};
}

TEST(RandomCrop, IsAShiftWithZerosAndReachesEveryShift) {
  const auto crop = make(R"({"type":"random_crop","padding":2})");
  const Picture original(2, 5, 7);
  std::set<std::pair<int64_t, int64_t>> seen;
  for (uint64_t i = 0; i < 400; ++i) {
    Picture picture(2, 5, 7);
    Rng rng(1, i);
    crop->apply(picture.image(), true, rng);
    const auto shift = shift_between(original, picture, 2);
    ASSERT_NE(shift.first, 99);
    seen.insert(shift);
  }
  EXPECT_EQ(seen.size(), 25U);
}

TEST(RandomCrop, LeavesEvaluationAlone) {
  Picture picture(2, 5, 7);
  Rng rng(1);
  make(R"({"type":"random_crop"})")->apply(picture.image(), false, rng);
  EXPECT_EQ(picture.pixels(), Picture(2, 5, 7).pixels());
}

TEST(HorizontalFlip, MirrorsRowsWithItsProbability) {
  const auto flip = make(R"({"type":"horizontal_flip","p":0.25})");
  const Picture original(2, 5, 7);
  int flipped = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    Picture picture(2, 5, 7);
    Rng rng(1, i);
    flip->apply(picture.image(), true, rng);
    if (picture.pixels() == original.pixels()) continue;
    ++flipped;
    ASSERT_EQ(picture.at(1, 2, 0), original.at(1, 2, 6));
  }
  EXPECT_NEAR(flipped, 250, 50);
}

TEST(Normalize, SubtractsTheMeanAndDividesByTheDeviation) {
  Picture picture(2, 1, 2);
  Rng rng(1);
  make(R"({"type":"normalize","mean":[1.0,2.0],"std":[0.5,0.25]})")->apply(picture.image(), false, rng);
  EXPECT_EQ(picture.pixels(), (std::vector<float>{0, 2, 4, 8}));
}

}  // namespace
}  // namespace dsnn::training
