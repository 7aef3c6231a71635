#include "runtime/determinism.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace dsnn::runtime {
namespace {

TEST(MakeCudaDeterministic, AsksForRepeatableAlgorithmsWithoutLookingForADevice) {
  ::unsetenv("CUBLAS_WORKSPACE_CONFIG");
  make_cuda_deterministic();
  EXPECT_TRUE(at::globalContext().deterministicCuDNN());
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
  EXPECT_TRUE(at::globalContext().deterministicAlgorithmsWarnOnly());
  EXPECT_STREQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), ":4096:8");
}

TEST(MakeCudaDeterministic, KeepsAWorkspaceTheUserChose) {
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8", 1);
  make_cuda_deterministic();
  EXPECT_STREQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), ":16:8");
}

}  // namespace
}  // namespace dsnn::runtime
