#pragma once

#include <cstdint>

#include "kernels/quantize/quantize.h"

struct CUstream_st;

/// The passes of quantize.h on device memory, enqueued on `stream` (a cudaStream_t; nullptr = the default stream).
///
/// Same formulas, same bits as the CPU passes of the same type. A failed launch throws std::runtime_error.
namespace dsnn::kernels::cuda {

using Stream = CUstream_st*;

template <class T>
void quantize_q(T* weight, T* quantized, int64_t count, int lowest, Stream stream);
template <class T>
void quantize_ps(T* shift, const T* sign, T* weight, int64_t count, int lowest, Stream stream);
template <class T>
void shift_gradient(const T* grad_weight, const T* weight, T* grad_shift, int64_t count, Stream stream);
template <class T>
void round_fixed_point(const T* in, T* out, int64_t count, const FixedRange<T>& range, Stream stream);
template <class T>
void round_power_of_two(const T* in, T* out, int64_t count, Stream stream);

}  // namespace dsnn::kernels::cuda
