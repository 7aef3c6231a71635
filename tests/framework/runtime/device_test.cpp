#include "runtime/device.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "dsnn/error.h"

namespace dsnn::runtime {
namespace {

std::string refusal(const std::string& text) {
  try {
    select_device(text);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(SelectDevice, CpuAndAutoAreTheCpu) {
  EXPECT_TRUE(select_device("cpu").is_cpu());
  EXPECT_TRUE(select_device("auto").is_cpu());
}

TEST(SelectDevice, RefusesWordsThatAreNoDevice) {
  for (const char* text : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "CUDA"}) {
    EXPECT_NE(refusal(text).find("expected auto, cpu, cuda or cuda:N"), std::string::npos) << text;
  }
}

TEST(SelectDevice, CudaWithoutAGpuIsRefusedWithTheReason) {
  if (std::filesystem::exists("/dev/nvidia0")) GTEST_SKIP() << "this machine has an NVIDIA GPU";
  EXPECT_NE(refusal("cuda").find("got 'cuda', but "), std::string::npos) << refusal("cuda");
}

}  // namespace
}  // namespace dsnn::runtime
