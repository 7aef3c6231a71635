#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace dsnn::runtime {

/// Sets LibTorch's default generators, of the CPU and of `device`, to a function of (seed, step), so that any step
/// boundary is a restart point. On the CPU it never asks whether there is CUDA: that question would freeze the answer
/// for the life of the process.
void seed_step(uint64_t seed, int64_t step, c10::Device device = c10::Device(c10::DeviceType::CPU));

}  // namespace dsnn::runtime
