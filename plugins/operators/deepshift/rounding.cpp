#include "rounding.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/where.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "kernels/quantize/quantize.h"

namespace dsnn::deepshift {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrain = int64_t{1} << 16;

bool fusable(const at::Tensor& t) {
  return t.is_cpu() && t.is_non_overlapping_and_dense() &&
         (t.scalar_type() == at::kFloat || t.scalar_type() == at::kDouble);
}
bool fusable(const at::Tensor& t, const at::Tensor& with) {
  return fusable(t) && fusable(with) && t.strides() == with.strides() && t.scalar_type() == with.scalar_type();
}

/// Calls body(T{}, begin, end) on ranges of the elements, on the caller's number of threads.
template <class Body>
void for_elements(const at::Tensor& t, const Body& body) {
  at::parallel_for(0, t.numel(), kGrain, [&](int64_t begin, int64_t end) {
    if (t.scalar_type() == at::kFloat) {
      body(float{}, begin, end);
    } else {
      body(double{}, begin, end);
    }
  });
}

template <class T>
T* elements(const at::Tensor& t, int64_t begin) {
  return t.mutable_data_ptr<T>() + begin;
}
template <class T>
const T* const_elements(const at::Tensor& t, int64_t begin) {
  return t.const_data_ptr<T>() + begin;
}

/// The format's ends as numbers of type T; an end that T cannot hold becomes the nearest one inside.
template <class T>
kernels::FixedRange<T> range_of(const FixedPoint& format) {
  T highest = static_cast<T>(format.highest());
  if (static_cast<double>(highest) > format.highest()) highest = std::nextafter(highest, T(0));
  return {.scale = static_cast<T>(std::ldexp(1.0, format.fraction)),
          .step = static_cast<T>(std::ldexp(1.0, -format.fraction)),
          .lowest = static_cast<T>(format.lowest()),
          .highest = highest,
          .nearest = format.nearest};
}

/// The same ends for a chain of tensor operations, which takes them as doubles.
std::pair<double, double> ends_of(const FixedPoint& format, at::ScalarType type) {
  if (type == at::kDouble) return {format.lowest(), range_of<double>(format).highest};
  const kernels::FixedRange<float> range = range_of<float>(format);
  return {range.lowest, range.highest};
}

at::Tensor stochastic_round(const at::Tensor& v, const at::Tensor& draws) {
  const at::Tensor below = v.floor();
  return below.add(draws.lt(v.sub(below)).to(v.scalar_type()));
}

struct StraightThrough : torch::autograd::Function<StraightThrough> {
  static at::Tensor forward(AutogradContext*, const at::Tensor&, const at::Tensor& value) { return value; }
  static variable_list backward(AutogradContext*, const variable_list& gradient) { return {gradient[0], at::Tensor()}; }
};

struct ShiftTimesSign : torch::autograd::Function<ShiftTimesSign> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor&, const at::Tensor&, const at::Tensor& weight) {
    context->save_for_backward({weight});
    return weight;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradient) {
    const at::Tensor weight = context->get_saved_variables()[0];
    at::Tensor g = gradient[0];
    if (!g.defined()) return {at::Tensor(), at::Tensor(), at::Tensor()};
    if (fusable(weight) && g.strides() != weight.strides()) g = at::empty_like(weight).copy_(g);
    at::Tensor shift;
    if (context->needs_input_grad(0)) shift = gradient_of_shift(g, weight);
    return {shift, context->needs_input_grad(1) ? g : at::Tensor(), at::Tensor()};
  }

  static at::Tensor gradient_of_shift(const at::Tensor& g, const at::Tensor& weight) {
    if (!fusable(g, weight)) return g.mul(weight).mul(std::numbers::ln2);
    at::Tensor out = at::empty_like(weight);
    for_elements(weight, [&](auto zero, int64_t begin, int64_t end) {
      using T = decltype(zero);
      kernels::shift_gradient(const_elements<T>(g, begin), const_elements<T>(weight, begin), elements<T>(out, begin),
                              end - begin);
    });
    return out;
  }
};

at::Tensor quantize_q_by_operations(const at::Tensor& weight, int lowest, const at::Tensor& draws) {
  const at::Tensor capped = weight.abs().clamp_max(1.0);
  const at::Tensor projected = at::where(capped.gt(0.0), capped.clamp_min(std::ldexp(1.0, lowest)), capped);
  const at::Tensor sign = weight.sign();
  weight.copy_(projected.mul(sign));
  const at::Tensor exponent = projected.log2();
  const at::Tensor rounded = draws.defined() ? stochastic_round(exponent, draws) : exponent.round();
  return rounded.exp2().mul(sign);
}

at::Tensor quantize_ps_by_operations(const at::Tensor& shift, const at::Tensor& sign, int lowest,
                                     const at::Tensor& draws_shift, const at::Tensor& draws_sign) {
  shift.copy_(shift.clamp(lowest, 0));
  if (!draws_shift.defined()) return shift.round().exp2().mul(sign.round().sign());
  return stochastic_round(shift, draws_shift).exp2().mul(stochastic_round(sign, draws_sign).sign());
}

/// The fused passes write behind autograd's back; caches and checks go by this count.
void mark_written(const at::Tensor& t) { t.unsafeGetTensorImpl()->bump_version(); }

}  // namespace

at::Tensor straight_through(const at::Tensor& x, const at::Tensor& value) {
  return at::GradMode::is_enabled() && x.requires_grad() ? StraightThrough::apply(x, value) : value;
}

at::Tensor round_fixed_point(const at::Tensor& x, const FixedPoint& format) {
  const at::Tensor source = x.detach();
  at::Tensor out;
  if (fusable(source)) {
    out = at::empty_like(source);
    for_elements(source, [&](auto zero, int64_t begin, int64_t end) {
      using T = decltype(zero);
      kernels::round_fixed_point(const_elements<T>(source, begin), elements<T>(out, begin), end - begin,
                                 range_of<T>(format));
    });
  } else {
    const at::Tensor scaled = source.mul(std::ldexp(1.0, format.fraction));
    const auto [lowest, highest] = ends_of(format, source.scalar_type());
    out = (format.nearest ? scaled.round() : scaled.floor())
              .mul(std::ldexp(1.0, -format.fraction))
              .clamp(lowest, highest);
  }
  return straight_through(x, out);
}

at::Tensor uniform_like(const at::Tensor& like, Rng rng) {
  at::Tensor draws =
      at::empty_like(like, like.options().device(at::kCPU).dtype(at::kFloat), at::MemoryFormat::Contiguous);
  float* data = draws.mutable_data_ptr<float>();
  const int64_t count = draws.numel();
  for (int64_t i = 0; i < count; ++i) data[i] = static_cast<float>(rng.bits32() >> 8) * 0x1p-24F;
  return draws.to(like.options());
}

at::Tensor project_and_quantize_q(const at::Tensor& weight, int lowest, const at::Tensor& draws) {
  const at::NoGradGuard no_grad;
  const at::Tensor own = weight.detach();
  if (!fusable(own) || (draws.defined() && !fusable(own, draws))) return quantize_q_by_operations(own, lowest, draws);
  at::Tensor out = at::empty_like(own);
  for_elements(own, [&](auto zero, int64_t begin, int64_t end) {
    using T = decltype(zero);
    if (draws.defined()) {
      kernels::quantize_q_stochastic(elements<T>(own, begin), const_elements<T>(draws, begin), elements<T>(out, begin),
                                     end - begin, lowest);
    } else {
      kernels::quantize_q(elements<T>(own, begin), elements<T>(out, begin), end - begin, lowest);
    }
  });
  mark_written(weight);
  return out;
}

at::Tensor project_and_quantize_ps(const at::Tensor& shift, const at::Tensor& sign, int lowest,
                                   const at::Tensor& draws_shift, const at::Tensor& draws_sign) {
  const at::NoGradGuard no_grad;
  const at::Tensor own = shift.detach();
  if (!fusable(own, sign) || (draws_shift.defined() && !fusable(own, draws_shift))) {
    return quantize_ps_by_operations(own, sign.detach(), lowest, draws_shift, draws_sign);
  }
  at::Tensor out = at::empty_like(own);
  for_elements(own, [&](auto zero, int64_t begin, int64_t end) {
    using T = decltype(zero);
    if (draws_shift.defined()) {
      kernels::quantize_ps_stochastic(elements<T>(own, begin), const_elements<T>(sign, begin),
                                      const_elements<T>(draws_shift, begin), const_elements<T>(draws_sign, begin),
                                      elements<T>(out, begin), end - begin, lowest);
    } else {
      kernels::quantize_ps(elements<T>(own, begin), const_elements<T>(sign, begin), elements<T>(out, begin),
                           end - begin, lowest);
    }
  });
  mark_written(shift);
  return out;
}

at::Tensor attach_ps(const at::Tensor& shift, const at::Tensor& sign, const at::Tensor& weight) {
  return at::GradMode::is_enabled() ? ShiftTimesSign::apply(shift, sign, weight) : weight;
}

void split_weight(const at::Tensor& weight, const at::Tensor& shift, const at::Tensor& sign) {
  const at::NoGradGuard no_grad;
  const at::Tensor source = at::empty_like(shift).copy_(weight);
  if (!fusable(source, shift) || !fusable(source, sign)) {
    shift.copy_(source.abs().log2().round());
    sign.copy_(source.sign());
    return;
  }
  for_elements(source, [&](auto zero, int64_t begin, int64_t end) {
    using T = decltype(zero);
    kernels::split_weight(const_elements<T>(source, begin), elements<T>(shift, begin), elements<T>(sign, begin),
                          end - begin);
  });
  mark_written(shift);
  mark_written(sign);
}

}  // namespace dsnn::deepshift
