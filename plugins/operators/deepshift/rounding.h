#pragma once

#include <ATen/core/Tensor.h>

#include "dsnn/rng.h"
#include "options.h"

/// Tensors in and out around the fused passes of kernels/quantize. Float and double tensors on the CPU take the fused
/// passes; others a chain of tensor operations with the same meaning.
namespace dsnn::deepshift {

/// x rounded to the format, with the identity as its gradient (also where it is clamped).
at::Tensor round_fixed_point(const at::Tensor& x, const FixedPoint& format);

/// `value` as a function of x whose gradient is the identity. Without autograd it is `value` itself.
at::Tensor straight_through(const at::Tensor& x, const at::Tensor& value);

/// One draw in [0, 1) per element of `like`.
at::Tensor uniform_like(const at::Tensor& like, Rng rng);

/// Projects `weight` in place (outside autograd; its version grows) and returns sign * 2^round(log2|w|).
/// `draws` undefined = half to even.
at::Tensor project_and_quantize_q(const at::Tensor& weight, int lowest, const at::Tensor& draws);

/// Projects `shift` in place and returns 2^round(shift) * sign(round(sign)).
at::Tensor project_and_quantize_ps(const at::Tensor& shift, const at::Tensor& sign, int lowest,
                                   const at::Tensor& draws_shift, const at::Tensor& draws_sign);

/// `weight` = 2^shift * sign as a function of both: dL/dshift = G * weight * ln 2, and dL/dsign = G, which deliberately
/// lacks the factor 2^shift.
at::Tensor attach_ps(const at::Tensor& shift, const at::Tensor& sign, const at::Tensor& weight);

/// shift = round(log2|w|), -infinity for 0; sign = -1, 0, 1.
void split_weight(const at::Tensor& weight, const at::Tensor& shift, const at::Tensor& sign);

}  // namespace dsnn::deepshift
