#pragma once

#include <cstdint>

#include "dsnn/cost_model.h"

namespace hardware_model {

struct OperationCountOptions {
  int64_t fp32_add_fj = 900;  ///< 1100 as the paper prints it
  int64_t weight_bit_fj = 0;  ///< per multiply-accumulate and stored weight bit
};

/// Energy by counting operations at 45 nm: each layer pays for its own arithmetic. Unit energies are whole femtojoules
/// and sums are 128 bits wide, so the result is the same on every machine and in any order.
class OperationCount : public dsnn::CostModel {
 public:
  explicit OperationCount(const OperationCountOptions& options) : options_(options) {}
  dsnn::Cost cost(const dsnn::Graph& graph) const override;

 private:
  OperationCountOptions options_;
};

}  // namespace hardware_model
