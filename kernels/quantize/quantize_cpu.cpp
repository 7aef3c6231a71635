#include "kernels/quantize/quantize.h"

#include <numbers>

#include "kernels/quantize/element.h"

namespace dsnn::kernels {
namespace {

struct QuantizeQ {
  template <class T>
  DSNN_KERNEL_INLINE static void run(T* weight, T* quantized, int64_t count, T least) {
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) {
      const T w = element::project(weight[i], least);
      weight[i] = w;
      quantized[i] = element::power_of_two(w);
    }
  }
};

struct QuantizePs {
  template <class T>
  DSNN_KERNEL_INLINE static void run(T* shift, const T* sign, T* weight, int64_t count, T lowest) {
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) {
      const T s = element::clamp_shift(shift[i], lowest);
      shift[i] = s;
      weight[i] = element::shift_weight(s, sign[i]);
    }
  }
};

struct ShiftGradient {
  template <class T>
  DSNN_KERNEL_INLINE static void run(const T* grad_weight, const T* weight, T* grad_shift, int64_t count) {
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) grad_shift[i] = grad_weight[i] * weight[i] * std::numbers::ln2_v<T>;
  }
};

struct RoundFixedPoint {
  template <class T>
  DSNN_KERNEL_INLINE static void run(const T* in, T* out, int64_t count, FixedRange<T> range) {
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) out[i] = element::fixed_point(in[i], range);
  }
};

struct RoundPowerOfTwo {
  template <class T>
  DSNN_KERNEL_INLINE static void run(const T* in, T* out, int64_t count) {
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) out[i] = element::power_of_two(in[i]);
  }
};

#if defined(__x86_64__)
template <class Pass, class... Arguments>
__attribute__((target("avx2"))) void on_avx2(Arguments... arguments) {
  Pass::run(arguments...);
}
template <class Pass, class... Arguments>
__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512"))) void on_avx512(
    Arguments... arguments) {
  Pass::run(arguments...);
}
#endif

template <class Pass, class... Arguments>
void dispatch(Arguments... arguments) {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return on_avx512<Pass>(arguments...);
  if (isa() == Isa::avx2) return on_avx2<Pass>(arguments...);
#endif
  Pass::run(arguments...);
}

}  // namespace

template <class T>
void quantize_q(T* weight, T* quantized, int64_t count, int lowest) {
  dispatch<QuantizeQ>(weight, quantized, count, static_cast<T>(std::ldexp(1.0, lowest)));
}

template <class T>
void quantize_q_stochastic(T* weight, const T* uniform, T* quantized, int64_t count, int lowest) {
  const T least = static_cast<T>(std::ldexp(1.0, lowest));
  for (int64_t i = 0; i < count; ++i) {
    weight[i] = element::project(weight[i], least);
    quantized[i] = element::power_of_two_stochastic(weight[i], uniform[i]);
  }
}

template <class T>
void quantize_ps(T* shift, const T* sign, T* weight, int64_t count, int lowest) {
  dispatch<QuantizePs>(shift, sign, weight, count, static_cast<T>(lowest));
}

template <class T>
void quantize_ps_stochastic(T* shift, const T* sign, const T* uniform_shift, const T* uniform_sign, T* weight,
                            int64_t count, int lowest) {
  for (int64_t i = 0; i < count; ++i) {
    shift[i] = element::clamp_shift(shift[i], static_cast<T>(lowest));
    weight[i] = element::shift_weight_stochastic(shift[i], sign[i], uniform_shift[i], uniform_sign[i]);
  }
}

template <class T>
void shift_gradient(const T* grad_weight, const T* weight, T* grad_shift, int64_t count) {
  dispatch<ShiftGradient>(grad_weight, weight, grad_shift, count);
}

template <class T>
void round_fixed_point(const T* in, T* out, int64_t count, const FixedRange<T>& range) {
  dispatch<RoundFixedPoint>(in, out, count, range);
}

template <class T>
void round_power_of_two(const T* in, T* out, int64_t count) {
  dispatch<RoundPowerOfTwo>(in, out, count);
}

template <class T>
void split_weight(const T* weight, T* shift, T* sign, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    shift[i] = element::rounded_log2(weight[i]);
    sign[i] = element::sign_of(weight[i]);
  }
}

#define DSNN_INSTANTIATE(T)                                                                    \
  template void quantize_q<T>(T*, T*, int64_t, int);                                           \
  template void quantize_q_stochastic<T>(T*, const T*, T*, int64_t, int);                      \
  template void quantize_ps<T>(T*, const T*, T*, int64_t, int);                                \
  template void quantize_ps_stochastic<T>(T*, const T*, const T*, const T*, T*, int64_t, int); \
  template void shift_gradient<T>(const T*, const T*, T*, int64_t);                            \
  template void round_fixed_point<T>(const T*, T*, int64_t, const FixedRange<T>&);             \
  template void round_power_of_two<T>(const T*, T*, int64_t);                                  \
  template void split_weight<T>(const T*, T*, T*, int64_t);
DSNN_INSTANTIATE(float)
DSNN_INSTANTIATE(double)
#undef DSNN_INSTANTIATE

}  // namespace dsnn::kernels
