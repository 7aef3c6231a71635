#pragma once

#include <c10/core/Device.h>

#include <string>

namespace dsnn::runtime {

/// The device of `execution.device`: auto, cpu, cuda or cuda:N. `auto` is the CPU.
///
/// For CUDA it loads libtorch_cuda, once, before anything can ask LibTorch whether there is CUDA; so it is called
/// first in a worker, before any seed is set. Throws ConfigError when CUDA is asked for and this machine or this
/// LibTorch has none, or when `text` is no device.
c10::Device select_device(const std::string& text);

}  // namespace dsnn::runtime
