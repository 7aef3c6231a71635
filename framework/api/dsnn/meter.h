#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dsnn/kind.h"
#include "dsnn/types.h"

namespace dsnn {

struct Capability {
  bool available = false;
  std::string why;  ///< the reason when it is not, or what it will read when it is
};

/// An instant, opaque to callers.
struct Mark {
  int64_t monotonic_ns = 0;
  std::vector<double> counters;
};

/// Reads energy between two instants. Windows may nest; a mark costs microseconds. One per worker, one thread.
class Meter {
 public:
  using Interface = Meter;
  static constexpr Kind kKind = Kind::meter;
  static constexpr bool kNeedsTorch = false;
  virtual ~Meter();

  virtual Capability probe() const = 0;
  virtual int rank() const = 0;  ///< 1 best .. 4; see the energy-meters specification
  virtual Mark mark() = 0;
  virtual std::vector<EnergyReading> between(const Mark& from, const Mark& to) const = 0;
};

}  // namespace dsnn
