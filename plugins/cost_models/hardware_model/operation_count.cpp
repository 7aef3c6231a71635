#include "operation_count.h"

namespace hardware_model {
namespace {

using Wide = __int128;

/// Femtojoules of one operation.
struct Row {
  int64_t multiply, add, shift;
};
constexpr Row kInt32{.multiply = 3100, .add = 100, .shift = 130};
constexpr Row kInt8{.multiply = 200, .add = 30, .shift = 24};

double millijoules(Wide femtojoules) { return static_cast<double>(femtojoules) / 1e12; }

struct Charge {
  int64_t multiplications = 0, shifts = 0, adds = 0;
  Wide operations = 0, memory = 0;  ///< femtojoules
};

/// Row of a layer's numbers: fixed point of at most 8 bits, other fixed point, or FP32.
Row row_of(const dsnn::Numeric& numeric, const Row& fp32) {
  if (numeric.activation_bits <= 8) return kInt8;
  const bool floating =
      numeric.arithmetic != dsnn::Arithmetic::shift && numeric.weight_bits >= 32 && numeric.activation_bits >= 32;
  return floating ? fp32 : kInt32;
}

Charge charge(const dsnn::Numeric& numeric, const dsnn::LayerCount& count, const OperationCountOptions& options) {
  const Row fp32{.multiply = 3700, .add = options.fp32_add_fj, .shift = 0};
  Charge c;
  Row row = row_of(numeric, fp32);
  switch (numeric.arithmetic) {
    case dsnn::Arithmetic::none:
      return c;
    case dsnn::Arithmetic::multiply:
      row = fp32;
      c.multiplications = c.adds = count.macs;
      break;
    case dsnn::Arithmetic::shift:
      c.shifts = c.adds = count.macs;
      break;
    case dsnn::Arithmetic::add:
      c.adds = 2 * (count.macs + count.outputs);
      break;
  }
  c.operations = Wide{c.multiplications} * row.multiply + Wide{c.shifts} * row.shift + Wide{c.adds} * row.add;
  c.memory = Wide{count.macs} * numeric.weight_bits * options.weight_bit_fj;
  return c;
}

}  // namespace

dsnn::Cost OperationCount::cost(const dsnn::Graph& graph) const {
  dsnn::Cost total;
  Wide operations = 0, memory = 0;
  const std::vector<dsnn::LayerCount> counts = dsnn::counts(graph);
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    const dsnn::LayerSpec& layer = graph.layers[i];
    const dsnn::LayerCount& count = counts[i];
    if (count.macs == 0) continue;
    const Charge c = charge(layer.numeric, count, options_);
    total.multiplications += c.multiplications;
    total.shifts += c.shifts;
    total.adds += c.adds;
    operations += c.operations;
    memory += c.memory;
    total.layers.push_back({.layer = layer.name,
                            .type = layer.type,
                            .multiplications = c.multiplications,
                            .shifts = c.shifts,
                            .adds = c.adds,
                            .ops_mj = millijoules(c.operations),
                            .memory_mj = millijoules(c.memory)});
  }
  total.ops_mj = millijoules(operations);
  total.memory_mj = millijoules(memory);
  total.energy_mj = millijoules(operations + memory);
  return total;
}

}  // namespace hardware_model
