#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "kernels/isa.h"
#include "kernels/quantize/quantize.h"

/// The formulas of one element, shared by the CPU and CUDA passes. T is float or double.
namespace dsnn::kernels::element {

template <class T>
struct Bits;

template <>
struct Bits<float> {
  using Word = uint32_t;
  using Signed = int32_t;
  static constexpr int kMantissa = 23;
  static constexpr int kBias = 127;
  /// Carries into the exponent exactly when the mantissa is above sqrt(2): 2^23 - 0x3504F4.
  static constexpr Word kRoundUp = 0x4AFB0C;
  static constexpr float kMagic = 0x1.8p23F;  ///< adding it rounds to an integer, half to even
  static constexpr float kScaleUp = 0x1p24F, kScaleDown = 0x1p-24F;
  static constexpr float kSmallestNormal = std::numeric_limits<float>::min();
  static constexpr float kInfinity = std::numeric_limits<float>::infinity();
};

template <>
struct Bits<double> {
  using Word = uint64_t;
  using Signed = int64_t;
  static constexpr int kMantissa = 52;
  static constexpr int kBias = 1023;
  static constexpr Word kRoundUp = 0x95F619980C433;  ///< 2^52 - 0x6A09E667F3BCD
  static constexpr double kMagic = 0x1.8p52;
  static constexpr double kScaleUp = 0x1p53, kScaleDown = 0x1p-53;
  static constexpr double kSmallestNormal = std::numeric_limits<double>::min();
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
};

template <class T>
DSNN_KERNEL_INLINE typename Bits<T>::Word word(T x) {
  typename Bits<T>::Word w;
  std::memcpy(&w, &x, sizeof w);
  return w;
}
template <class T>
DSNN_KERNEL_INLINE T from_word(typename Bits<T>::Word w) {
  T x;
  std::memcpy(&x, &w, sizeof x);
  return x;
}

template <class T>
constexpr typename Bits<T>::Word kSignMask = typename Bits<T>::Word{1} << (sizeof(T) * 8 - 1);
template <class T>
constexpr typename Bits<T>::Word kExponentMask = static_cast<typename Bits<T>::Word>(~kSignMask<T> >>
                                                                                     Bits<T>::kMantissa
                                                                                         << Bits<T>::kMantissa);

template <class T>
DSNN_KERNEL_INLINE T magnitude(T x) {
  return from_word<T>(word(x) & static_cast<typename Bits<T>::Word>(~kSignMask<T>));
}
template <class T>
DSNN_KERNEL_INLINE T with_sign_of(T value, T sign) {
  return from_word<T>(word(value) | (word(sign) & kSignMask<T>));
}

/// |w| > 1 becomes +-1, 0 < |w| < least becomes +-least; 0 and NaN stay.
template <class T>
DSNN_KERNEL_INLINE T project(T w, T least) {
  T a = magnitude(w);
  a = a > T(1) ? T(1) : a;
  const T raised = a > T(0) ? least : a;
  a = a < least ? raised : a;
  return with_sign_of(a, w);
}

/// sign(w) * 2^round(log2 |w|). 0 stays 0, NaN stays NaN; above the largest power of two it is infinite.
template <class T>
DSNN_KERNEL_INLINE T power_of_two(T w) {
  const T a = magnitude(w);
  const bool subnormal = a < Bits<T>::kSmallestNormal;
  // Constants are selected, not products: a product under a condition keeps the loop from being vectorised.
  const T up = subnormal ? Bits<T>::kScaleUp : T(1), down = subnormal ? Bits<T>::kScaleDown : T(1);
  const T rounded = from_word<T>((word(a * up) + Bits<T>::kRoundUp) & kExponentMask<T>);
  const T result = with_sign_of(rounded * down, w);
  return w == w ? result : w;
}

/// round(log2 |w|) as a float value; -infinity for 0.
template <class T>
DSNN_KERNEL_INLINE T rounded_log2(T w) {
  using Signed = typename Bits<T>::Signed;
  const T a = magnitude(w);
  const bool subnormal = a < Bits<T>::kSmallestNormal;
  const T up = subnormal ? Bits<T>::kScaleUp : T(1);
  const auto exponent = static_cast<Signed>((word(a * up) + Bits<T>::kRoundUp) >> Bits<T>::kMantissa) -
                        (Bits<T>::kBias + (subnormal ? Bits<T>::kMantissa + 1 : 0));
  return a > T(0) ? static_cast<T>(exponent) : (w == w ? -Bits<T>::kInfinity : w);
}

/// -1, 0, 1; NaN stays.
template <class T>
DSNN_KERNEL_INLINE T sign_of(T w) {
  return w > T(0) ? T(1) : (w < T(0) ? T(-1) : (w == w ? T(0) : w));
}

/// v with lowest <= v <= 0; NaN stays.
template <class T>
DSNN_KERNEL_INLINE T clamp_shift(T s, T lowest) {
  s = s < lowest ? lowest : s;
  return s > T(0) ? T(0) : s;
}

/// 2^s * g for an integer-valued sign g and an s already inside the range, rounded half to even.
template <class T>
DSNN_KERNEL_INLINE T exp2_rounded(T s) {
  using B = Bits<T>;
  const auto exponent = word(s + B::kMagic) - word(B::kMagic) + static_cast<typename B::Word>(B::kBias);
  return from_word<T>(static_cast<typename B::Word>(exponent << B::kMantissa));
}

/// 2^round(s) * sign(round(g)): zero while |g| <= 1/2. NaN when either is.
template <class T>
DSNN_KERNEL_INLINE T shift_weight(T s, T g) {
  const T taken = with_sign_of(exp2_rounded(s), g);
  const T w = magnitude(g) > T(0.5) ? taken : T(0);
  const T number_or_g = g == g ? w : g;
  return s == s ? number_or_g : s;
}

/// floor(v) + 1 with probability frac(v), decided by u in [0, 1).
template <class T>
DSNN_KERNEL_INLINE T stochastic_round(T v, T u) {
  const T below = std::floor(v);
  return u < v - below ? below + T(1) : below;
}

template <class T>
DSNN_KERNEL_INLINE T power_of_two_stochastic(T w, T u) {
  const T a = magnitude(w);
  if (!(a > T(0)) || std::isinf(a)) return w;
  return with_sign_of(std::exp2(stochastic_round(std::log2(a), u)), w);
}

template <class T>
DSNN_KERNEL_INLINE T shift_weight_stochastic(T s, T g, T u_shift, T u_sign) {
  return std::exp2(stochastic_round(s, u_shift)) * sign_of(stochastic_round(g, u_sign));
}

template <class T>
DSNN_KERNEL_INLINE T fixed_point(T x, const FixedRange<T>& range) {
  const T scaled = x * range.scale;
  const T rounded = (range.nearest ? std::rint(scaled) : std::floor(scaled)) * range.step;
  const T above = rounded < range.lowest ? range.lowest : rounded;
  return above > range.highest ? range.highest : above;
}

}  // namespace dsnn::kernels::element
