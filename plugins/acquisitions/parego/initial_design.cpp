#include "initial_design.h"

#include <array>
#include <cmath>

#include "dsnn/rng.h"

namespace parego {
namespace {

struct Polynomial {
  int degree;
  uint32_t coefficients;
  std::array<uint32_t, 7> m;
};

/// Primitive polynomials and initial direction numbers of Joe and Kuo (2008) for dimensions 2 to 21.
constexpr std::array<Polynomial, 20> kTable = {{
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
    {5, 11, {1, 1, 5, 1, 1}},
    {5, 13, {1, 1, 1, 3, 11}},
    {5, 14, {1, 3, 5, 5, 31}},
    {6, 1, {1, 3, 3, 9, 7, 49}},
    {6, 13, {1, 1, 1, 15, 21, 21}},
    {6, 16, {1, 3, 1, 13, 27, 49}},
    {6, 19, {1, 1, 1, 15, 7, 5}},
    {6, 22, {1, 3, 1, 15, 13, 25}},
    {6, 25, {1, 1, 5, 5, 19, 61}},
    {7, 1, {1, 3, 7, 11, 23, 15, 103}},
    {7, 4, {1, 3, 7, 13, 13, 15, 69}},
}};

uint32_t coordinate(uint64_t index, const Polynomial& p) {
  std::array<uint32_t, 32> v{};
  for (int i = 0; i < 32; ++i) {
    if (i < p.degree) {
      v[static_cast<size_t>(i)] = p.m[static_cast<size_t>(i)] << (31 - i);
      continue;
    }
    uint32_t x = v[static_cast<size_t>(i - p.degree)];
    x ^= x >> p.degree;
    for (int k = 1; k < p.degree; ++k) {
      if ((p.coefficients >> (p.degree - 1 - k)) & 1U) x ^= v[static_cast<size_t>(i - k)];
    }
    v[static_cast<size_t>(i)] = x;
  }
  uint32_t x = 0;
  for (size_t bit = 0; bit < 32; ++bit) {
    if ((index >> bit) & 1U) x ^= v[bit];
  }
  return x;
}

uint32_t reversed(uint32_t x) {
  uint32_t out = 0;
  for (int i = 0; i < 32; ++i) out |= ((x >> i) & 1U) << (31 - i);
  return out;
}

}  // namespace

std::vector<double> sobol_point(uint64_t index, size_t dimensions, uint64_t seed) {
  std::vector<double> out(dimensions);
  for (size_t d = 0; d < dimensions; ++d) {
    const double offset = dsnn::Rng(seed).fork("sobol", d).uniform();
    if (d > kTable.size()) {
      out[d] = dsnn::Rng(seed).fork("beyond sobol", dsnn::hash64(d, index)).uniform();
      continue;
    }
    const uint32_t x = d == 0 ? reversed(static_cast<uint32_t>(index)) : coordinate(index, kTable[d - 1]);
    out[d] = std::fmod(static_cast<double>(x) * 0x1p-32 + offset, 1.0);
  }
  return out;
}

}  // namespace parego
