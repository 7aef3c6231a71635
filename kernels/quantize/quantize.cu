#include "kernels/quantize/quantize_cuda.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/quantize/element.h"

namespace dsnn::kernels::cuda {
namespace {

constexpr int kBlock = 256;
constexpr int64_t kMaxBlocks = 132 * 16;

template <class T>
__global__ void quantize_q_kernel(T* weight, T* quantized, int64_t count, T least) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < count; i += int64_t{gridDim.x} * blockDim.x) {
    const T w = element::project(weight[i], least);
    weight[i] = w;
    quantized[i] = element::power_of_two(w);
  }
}

template <class T>
__global__ void quantize_ps_kernel(T* shift, const T* sign, T* weight, int64_t count, T lowest) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < count; i += int64_t{gridDim.x} * blockDim.x) {
    const T s = element::clamp_shift(shift[i], lowest);
    shift[i] = s;
    weight[i] = element::shift_weight(s, sign[i]);
  }
}

template <class T>
__global__ void shift_gradient_kernel(const T* grad_weight, const T* weight, T* grad_shift, int64_t count, T ln2) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < count; i += int64_t{gridDim.x} * blockDim.x) {
    grad_shift[i] = grad_weight[i] * weight[i] * ln2;
  }
}

template <class T>
__global__ void round_fixed_point_kernel(const T* in, T* out, int64_t count, FixedRange<T> range) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < count; i += int64_t{gridDim.x} * blockDim.x) {
    out[i] = element::fixed_point(in[i], range);
  }
}

template <class T>
__global__ void round_power_of_two_kernel(const T* in, T* out, int64_t count) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < count; i += int64_t{gridDim.x} * blockDim.x) {
    out[i] = element::power_of_two(in[i]);
  }
}

unsigned grid_for(int64_t count) { return static_cast<unsigned>(std::min((count + kBlock - 1) / kBlock, kMaxBlocks)); }

void check_launch(const char* pass) {
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess)
    throw std::runtime_error(std::string("CUDA pass ") + pass + ": " + cudaGetErrorString(status));
}

}  // namespace

template <class T>
void quantize_q(T* weight, T* quantized, int64_t count, int lowest, Stream stream) {
  if (count == 0) return;
  quantize_q_kernel<<<grid_for(count), kBlock, 0, stream>>>(weight, quantized, count,
                                                            static_cast<T>(std::ldexp(1.0, lowest)));
  check_launch("quantize_q");
}

template <class T>
void quantize_ps(T* shift, const T* sign, T* weight, int64_t count, int lowest, Stream stream) {
  if (count == 0) return;
  quantize_ps_kernel<<<grid_for(count), kBlock, 0, stream>>>(shift, sign, weight, count, static_cast<T>(lowest));
  check_launch("quantize_ps");
}

template <class T>
void shift_gradient(const T* grad_weight, const T* weight, T* grad_shift, int64_t count, Stream stream) {
  if (count == 0) return;
  constexpr T kLn2 = static_cast<T>(0.693147180559945309417232121458176568L);
  shift_gradient_kernel<<<grid_for(count), kBlock, 0, stream>>>(grad_weight, weight, grad_shift, count, kLn2);
  check_launch("shift_gradient");
}

template <class T>
void round_fixed_point(const T* in, T* out, int64_t count, const FixedRange<T>& range, Stream stream) {
  if (count == 0) return;
  round_fixed_point_kernel<<<grid_for(count), kBlock, 0, stream>>>(in, out, count, range);
  check_launch("round_fixed_point");
}

template <class T>
void round_power_of_two(const T* in, T* out, int64_t count, Stream stream) {
  if (count == 0) return;
  round_power_of_two_kernel<<<grid_for(count), kBlock, 0, stream>>>(in, out, count);
  check_launch("round_power_of_two");
}

#define DSNN_INSTANTIATE(T)                                                                \
  template void quantize_q<T>(T*, T*, int64_t, int, Stream);                               \
  template void quantize_ps<T>(T*, const T*, T*, int64_t, int, Stream);                    \
  template void shift_gradient<T>(const T*, const T*, T*, int64_t, Stream);                \
  template void round_fixed_point<T>(const T*, T*, int64_t, const FixedRange<T>&, Stream); \
  template void round_power_of_two<T>(const T*, T*, int64_t, Stream);
DSNN_INSTANTIATE(float)
DSNN_INSTANTIATE(double)
#undef DSNN_INSTANTIATE

}  // namespace dsnn::kernels::cuda
