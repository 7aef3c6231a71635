#include "dsnn/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace dsnn {
namespace {

using Block = std::array<uint32_t, 4>;

Block philox(const Block& counter, const std::array<uint32_t, 2>& key) {
  Block out{};
  philox4x32(counter.data(), key.data(), out.data());
  return out;
}

TEST(Rng, GivesThePublishedPhiloxVectors) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t all = 0xffffffff;
  EXPECT_EQ(philox({all, all, all, all}, {all, all}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Rng, DrawsTheSameWhateverWasDrawnElsewhere) {
  Rng parent(7);
  Rng first = parent.fork("candidates", 3);
  parent.bits64();
  Rng second = parent.fork("candidates", 3);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(first.bits64(), second.bits64());
}

TEST(Rng, ForksDifferByPurposeIndexAndSeed) {
  const uint64_t base = Rng(7).fork("a", 0).bits64();
  EXPECT_NE(Rng(7).fork("a", 1).bits64(), base);
  EXPECT_NE(Rng(7).fork("b", 0).bits64(), base);
  EXPECT_NE(Rng(8).fork("a", 0).bits64(), base);
}

TEST(Rng, IntegersIncludeBothEndsAndAreEven) {
  Rng rng(1);
  std::array<int, 5> seen{};
  for (int i = 0; i < 50'000; ++i) ++seen.at(static_cast<size_t>(rng.integer(-2, 2) + 2));
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Rng, UniformStaysBelowOne) {
  Rng rng(2);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 0.005);
}

TEST(Rng, NormalHasMeanZeroAndVarianceOne) {
  Rng rng(3);
  double sum = 0, squares = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double x = rng.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / 100'000, 0, 0.02);
  EXPECT_NEAR(squares / 100'000, 1, 0.03);
}

TEST(Rng, ShuffleKeepsEveryItem) {
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);
  Rng rng(4);
  rng.shuffle(items);
  EXPECT_FALSE(std::is_sorted(items.begin(), items.end()));
  std::sort(items.begin(), items.end());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(items[static_cast<size_t>(i)], i);
}

TEST(Rng, SeedsDependOnEveryWordAndTheirOrder) {
  EXPECT_NE(hash64(1, 2), hash64(2, 1));
  EXPECT_NE(hash64(0, "lr"), hash64(0, "rl"));
  EXPECT_EQ(hash64(5, "lr"), hash64(5, std::string("lr")));
}

}  // namespace
}  // namespace dsnn
