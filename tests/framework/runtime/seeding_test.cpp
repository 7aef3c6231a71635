#include "runtime/seeding.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

namespace dsnn::runtime {
namespace {

at::Tensor draw(uint64_t seed, int64_t step) {
  seed_step(seed, step);
  return at::rand({64});
}

TEST(SeedStep, DrawsAreAFunctionOfSeedAndStep) {
  const at::Tensor first = draw(7, 3);
  draw(1, 1);
  EXPECT_TRUE(at::equal(first, draw(7, 3)));
  EXPECT_FALSE(at::equal(first, draw(7, 4)));
  EXPECT_FALSE(at::equal(first, draw(8, 3)));
}

}  // namespace
}  // namespace dsnn::runtime
