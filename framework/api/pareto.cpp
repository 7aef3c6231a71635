#include "dsnn/pareto.h"

#include "dsnn/error.h"

namespace dsnn {

bool dominates(std::span<const double> a, std::span<const double> b) {
  DSNN_ASSERT(a.size() == b.size());
  bool better = false;
  for (size_t k = 0; k < a.size(); ++k) {
    if (a[k] > b[k]) return false;
    better |= a[k] < b[k];
  }
  return better;
}

}  // namespace dsnn
