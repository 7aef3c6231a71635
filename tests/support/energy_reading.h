#pragma once

#include <optional>
#include <string>

#include "dsnn/types.h"

namespace dsnn::test {

/// A reading of a meter that is called like its source.
inline EnergyReading reading(const std::string& step, const std::string& scope, const std::string& source,
                             std::optional<double> joules) {
  EnergyReading r;
  r.meter = source;
  r.source = source;
  r.scope = scope;
  r.step = step;
  r.joules = joules;
  return r;
}

}  // namespace dsnn::test
