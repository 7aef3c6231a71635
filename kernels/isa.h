#pragma once

#include <cstdlib>
#include <string_view>

namespace dsnn::kernels {

/// Instruction sets the CPU kernels are compiled for, lowest first.
enum class Isa { scalar, avx2, avx512 };

inline const char* to_string(Isa isa) {
  constexpr const char* kNames[] = {"scalar", "avx2", "avx512"};
  return kNames[static_cast<int>(isa)];
}

/// The best one this machine has.
inline Isa best_isa() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    return Isa::avx512;
  }
  if (__builtin_cpu_supports("avx2")) return Isa::avx2;
#endif
  return Isa::scalar;
}

/// The one taken: the best, or a lower one named by the environment variable DSNN_ISA. Read once.
inline Isa isa() {
  static const Isa chosen = [] {
    const Isa best = best_isa();
    const char* asked = std::getenv("DSNN_ISA");
    for (const Isa lower : {Isa::scalar, Isa::avx2}) {
      if (asked != nullptr && std::string_view(asked) == to_string(lower) && lower < best) return lower;
    }
    return best;
  }();
  return chosen;
}

}  // namespace dsnn::kernels

/// Functions that are inlined into one version per instruction set, or compiled for host and device.
#if defined(__CUDACC__)
#define DSNN_KERNEL_INLINE __host__ __device__ __forceinline__
#else
#define DSNN_KERNEL_INLINE [[gnu::always_inline]] inline
#endif
