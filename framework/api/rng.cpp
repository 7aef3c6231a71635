#include "dsnn/rng.h"

#include <cmath>
#include <numbers>

namespace dsnn {

uint64_t hash64(uint64_t a, uint64_t b) {
  uint64_t z = a + 0x9E3779B97F4A7C15ULL * (b + 0x632BE59BD9B4E019ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

uint64_t hash64(uint64_t seed, std::string_view text) {
  uint64_t h = 0xCBF29CE484222325ULL;
  for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash64(seed, h);
}

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = 0xD2511F53ULL * c[0];
    const uint64_t p1 = 0xCD9E8D57ULL * c[2];
    const uint32_t next[4] = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
                              static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    for (int i = 0; i < 4; ++i) c[i] = next[i];
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  for (int i = 0; i < 4; ++i) out[i] = c[i];
}

Rng Rng::fork(std::string_view purpose, uint64_t index) const {
  return Rng(seed_, hash64(hash64(stream_, purpose), index));
}

uint32_t Rng::bits32() {
  if (left_ == 0) {
    const uint32_t counter[4] = {static_cast<uint32_t>(counter_), static_cast<uint32_t>(counter_ >> 32),
                                 static_cast<uint32_t>(stream_), static_cast<uint32_t>(stream_ >> 32)};
    const uint32_t key[2] = {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)};
    philox4x32(counter, key, block_);
    ++counter_;
    left_ = 4;
  }
  return block_[4 - left_--];
}

uint64_t Rng::bits64() {
  const uint64_t high = bits32();
  return (high << 32) | bits32();
}

double Rng::uniform() { return static_cast<double>(bits64() >> 11) * 0x1p-53; }

double Rng::uniform(double lo, double hi) { return lo + uniform() * (hi - lo); }

int64_t Rng::integer(int64_t lo, int64_t hi) {
  const uint64_t range = static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo) + 1;
  if (range == 0) return static_cast<int64_t>(bits64());
  const uint64_t threshold = (0 - range) % range;  // rejects the biased tail
  uint64_t draw = bits64();
  while (draw < threshold) draw = bits64();
  return static_cast<int64_t>(static_cast<uint64_t>(lo) + draw % range);
}

double Rng::normal() {
  const double u = 1.0 - uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace dsnn
