// The fused passes beside the chain of single passes they replace, and beside a plain copy (the memory's own speed).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <vector>

#include "kernels/isa.h"
#include "kernels/quantize/quantize.h"

namespace {

namespace kernels = dsnn::kernels;
using Floats = std::vector<float>;

constexpr int64_t kWeights = 11'000'000;  // ResNet-18
constexpr int kLowest = -14;

/// Spread over the octaves of a trained layer, without a generator's cost.
Floats sample(double lo, double hi) {
  Floats out(static_cast<size_t>(kWeights));
  uint32_t state = 1;
  for (float& value : out) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(lo + (hi - lo) * static_cast<double>(state >> 8) * 0x1p-24);
  }
  return out;
}

/// One operation over a whole array, into a fresh one, as eager tensor code runs it.
template <class Operation>
Floats pass(const Floats& in, const Operation& operation) {
  Floats out(in.size());
  for (size_t i = 0; i < in.size(); ++i) out[i] = operation(in[i]);
  return out;
}
template <class Operation>
Floats pass(const Floats& a, const Floats& b, const Operation& operation) {
  Floats out(a.size());
  for (size_t i = 0; i < a.size(); ++i) out[i] = operation(a[i], b[i]);
  return out;
}

float sign_of(float x) { return static_cast<float>((x > 0) - (x < 0)); }

void count_bytes(benchmark::State& state, int64_t arrays) {
  state.SetBytesProcessed(state.iterations() * kWeights * arrays * static_cast<int64_t>(sizeof(float)));
  state.SetLabel(kernels::to_string(kernels::isa()));
}

void copy(benchmark::State& state) {
  const Floats in = sample(-1, 1);
  Floats out(in.size());
  for (auto _ : state) {
    std::memcpy(out.data(), in.data(), in.size() * sizeof(float));
    benchmark::ClobberMemory();
  }
  count_bytes(state, 2);
}

void q_fused(benchmark::State& state) {
  Floats weight = sample(-1, 1), quantized(weight.size());
  for (auto _ : state) {
    kernels::quantize_q(weight.data(), quantized.data(), kWeights, kLowest - 1);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 3);
}

void q_chain(benchmark::State& state) {
  Floats weight = sample(-1, 1);
  const float least = std::ldexp(1.0F, kLowest - 1);
  for (auto _ : state) {
    const Floats sign = pass(weight, sign_of);
    Floats magnitude = pass(weight, [](float w) { return std::fabs(w); });
    magnitude = pass(magnitude, [least](float a) { return a > 0 ? std::clamp(a, least, 1.0F) : a; });
    weight = pass(magnitude, sign, [](float a, float s) { return a * s; });
    const Floats exponent = pass(magnitude, [](float a) { return std::log(a) / std::numbers::ln2_v<float>; });
    const Floats rounded = pass(exponent, [](float e) { return std::nearbyint(e); });
    const Floats power = pass(rounded, [](float e) { return std::pow(2.0F, e); });
    benchmark::DoNotOptimize(pass(power, sign, [](float p, float s) { return p * s; }).data());
  }
  count_bytes(state, 3);
}

void ps_fused(benchmark::State& state) {
  Floats shift = sample(-16, 1), weight(shift.size());
  const Floats sign = sample(-2, 2);
  for (auto _ : state) {
    kernels::quantize_ps(shift.data(), sign.data(), weight.data(), kWeights, kLowest);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 4);
}

void ps_fused_with_backward(benchmark::State& state) {
  Floats shift = sample(-16, 1), weight(shift.size()), grad_shift(shift.size());
  const Floats sign = sample(-2, 2), grad = sample(-1, 1);
  for (auto _ : state) {
    kernels::quantize_ps(shift.data(), sign.data(), weight.data(), kWeights, kLowest);
    kernels::shift_gradient(grad.data(), weight.data(), grad_shift.data(), kWeights);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 7);
}

void ps_chain(benchmark::State& state) {
  Floats shift = sample(-16, 1);
  const Floats sign = sample(-2, 2);
  for (auto _ : state) {
    shift = pass(shift, [](float s) { return std::clamp(s, static_cast<float>(kLowest), 0.0F); });
    const Floats rounded = pass(shift, [](float s) { return std::nearbyint(s); });
    const Floats power = pass(rounded, [](float s) { return std::pow(2.0F, s); });
    const Floats whole = pass(sign, [](float g) { return std::nearbyint(g); });
    const Floats ternary = pass(whole, sign_of);
    benchmark::DoNotOptimize(pass(power, ternary, [](float p, float t) { return p * t; }).data());
  }
  count_bytes(state, 4);
}

void fixed_point_fused(benchmark::State& state) {
  const Floats in = sample(-8, 8);
  Floats out(in.size());
  const kernels::FixedRange<float> range{.scale = 32, .step = 1.0F / 32, .lowest = -4, .highest = 3};
  for (auto _ : state) {
    kernels::round_fixed_point(in.data(), out.data(), kWeights, range);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 2);
}

void fixed_point_chain(benchmark::State& state) {
  const Floats in = sample(-8, 8);
  for (auto _ : state) {
    const Floats scaled = pass(in, [](float x) { return x * 32; });
    const Floats whole = pass(scaled, [](float x) { return std::floor(x); });
    const Floats back = pass(whole, [](float x) { return x / 32; });
    benchmark::DoNotOptimize(pass(back, [](float x) { return std::clamp(x, -4.0F, 3.0F); }).data());
  }
  count_bytes(state, 2);
}

BENCHMARK(copy)->Unit(benchmark::kMillisecond);
BENCHMARK(q_fused)->Unit(benchmark::kMillisecond);
BENCHMARK(q_chain)->Unit(benchmark::kMillisecond);
BENCHMARK(ps_fused)->Unit(benchmark::kMillisecond);
BENCHMARK(ps_fused_with_backward)->Unit(benchmark::kMillisecond);
BENCHMARK(ps_chain)->Unit(benchmark::kMillisecond);
BENCHMARK(fixed_point_fused)->Unit(benchmark::kMillisecond);
BENCHMARK(fixed_point_chain)->Unit(benchmark::kMillisecond);

}  // namespace
