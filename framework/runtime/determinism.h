#pragma once

namespace dsnn::runtime {

/// Asks LibTorch for algorithms that give the same bits every time: cuDNN without its timing trials, cuBLAS with a
/// fixed workspace, and a warning in the log from every operation that has no such algorithm. For CUDA only (on the CPU
/// one thread is enough), after select_device() and before the first tensor of that device. For the life of the
/// process.
void make_cuda_deterministic();

}  // namespace dsnn::runtime
