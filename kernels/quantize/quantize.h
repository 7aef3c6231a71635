#pragma once

#include <cstdint>

/// Element-wise passes of shift networks on the CPU, one pass over memory each. Pointers, sizes; no tensor library.
///
/// T is float or double. Arrays may be equal (in place) but must not overlap otherwise. Nothing is allocated, no thread
/// is started: callers split ranges themselves, results do not depend on how. All instruction sets give the same bits.
namespace dsnn::kernels {

/// A fixed-point format as three numbers of the element type.
template <class T>
struct FixedRange {
  T scale = 1;  ///< 2^fraction bits
  T step = 1;   ///< 1 / scale
  T lowest = 0, highest = 0;
  bool nearest = false;  ///< else towards minus infinity
};

/// DeepShift-Q: projects `weight` in place into [2^lowest, 1] (in magnitude; 0 stays) and writes sign *
/// 2^round(log2|w|).
template <class T>
void quantize_q(T* weight, T* quantized, int64_t count, int lowest);

/// The same with the exponent rounded at random; `uniform` holds one draw in [0, 1) per element. Zeros stay.
template <class T>
void quantize_q_stochastic(T* weight, const T* uniform, T* quantized, int64_t count, int lowest);

/// DeepShift-PS: projects `shift` in place into [lowest, 0] and writes 2^round(shift) * sign(round(sign)).
template <class T>
void quantize_ps(T* shift, const T* sign, T* weight, int64_t count, int lowest);

template <class T>
void quantize_ps_stochastic(T* shift, const T* sign, const T* uniform_shift, const T* uniform_sign, T* weight,
                            int64_t count, int lowest);

/// Gradient of the shift: grad_weight * weight * ln 2, with the effective weight of the forward pass.
template <class T>
void shift_gradient(const T* grad_weight, const T* weight, T* grad_shift, int64_t count);

/// x -> clamp(round(x * 2^F) / 2^F).
template <class T>
void round_fixed_point(const T* in, T* out, int64_t count, const FixedRange<T>& range);

/// Power-of-two rounding without projection.
template <class T>
void round_power_of_two(const T* in, T* out, int64_t count);

/// DeepShift-PS parameters of float weights: shift = round(log2|w|) (-infinity for 0), sign = -1, 0, 1.
template <class T>
void split_weight(const T* weight, T* shift, T* sign, int64_t count);

}  // namespace dsnn::kernels
