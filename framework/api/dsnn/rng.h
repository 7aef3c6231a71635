#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace dsnn {

/// Mixes 64-bit words into one; used for seeds, never for security. Order matters.
uint64_t hash64(uint64_t a, uint64_t b);
/// FNV-1a folded through hash64: equal text, equal number, on every machine.
uint64_t hash64(uint64_t seed, std::string_view text);

/// Counter-based generator: Philox-4x32-10 (Salmon et al., SC 2011).
///
/// A stream is a pure function of (seed, stream): two Rng objects made alike draw alike, whatever else was drawn
/// elsewhere. Not shared between threads; make one per use.
class Rng {
 public:
  explicit Rng(uint64_t seed, uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  /// An independent stream of the same seed: `rng.fork("candidates", 3)`.
  Rng fork(std::string_view purpose, uint64_t index = 0) const;

  uint32_t bits32();
  uint64_t bits64();
  double uniform();                         ///< [0, 1), 53 bits
  double uniform(double lo, double hi);     ///< [lo, hi)
  int64_t integer(int64_t lo, int64_t hi);  ///< lo..hi, both ends included, unbiased
  double normal();                          ///< mean 0, sd 1 (Box-Muller)
  uint64_t seed() const { return seed_; }

  /// Fisher-Yates. `Range` has size() and operator[].
  template <class Range>
  void shuffle(Range& range) {
    for (int64_t i = static_cast<int64_t>(range.size()) - 1; i > 0; --i) {
      using std::swap;
      swap(range[static_cast<size_t>(i)], range[static_cast<size_t>(integer(0, i))]);
    }
  }

 private:
  uint64_t seed_;
  uint64_t stream_;
  uint64_t counter_ = 0;
  uint32_t block_[4] = {};
  int left_ = 0;
};

/// One Philox-4x32-10 block, exposed for the published test vectors.
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

}  // namespace dsnn
