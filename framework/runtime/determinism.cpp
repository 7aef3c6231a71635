#include "runtime/determinism.h"

#include <ATen/Context.h>

#include <cstdlib>

namespace dsnn::runtime {

void make_cuda_deterministic() {
  constexpr bool kWarnOnly = true;  // refusing would rule out max pooling, whose backward pass has no such algorithm
  constexpr int kOverwrite = 0;     // a workspace the user chose stays
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", kOverwrite);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
  at::globalContext().setDeterministicAlgorithms(true, kWarnOnly);
}

}  // namespace dsnn::runtime
