#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "dsnn/operator.h"
#include "support/components.h"

namespace dsnn::golden {

/// How the reference data names the two kinds of shift layer; nullopt for a name this project has no component for.
inline std::optional<std::string> shift_method_of(const std::string& type) {
  if (type == "Q") return "q";
  if (type == "PS") return "ps";
  return std::nullopt;
}

/// The operator that behaves like the original's layers.
inline std::unique_ptr<Operator> original_operator(test::Components& components, const std::string& method,
                                                   int64_t weight_bits, int64_t integer_bits, int64_t fraction_bits) {
  Value format = Value::map();
  format.set("integer", integer_bits);
  format.set("fraction", fraction_bits);
  Value changes = Value::map();
  changes.set("method", method);
  changes.set("weight_bits", weight_bits);
  changes.set("fixed_point", std::move(format));
  changes.set("deepshift_compat", true);
  return components.make<Operator>("deepshift", changes);
}

/// The layer that replaces `spec`, with fresh parameters.
inline std::unique_ptr<Layer> replaced_layer(const Operator& op, const LayerSpec& spec) {
  LayerSpec made = op.expand(spec, nullptr).layers.at(0);
  made.name = spec.name;
  Rng rng(1);
  return op.make(made, rng);
}

inline at::Tensor parameter(Layer& layer, const std::string& name) {
  for (const LayerParameter& p : layer.parameters()) {
    if (p.name == name) return p.tensor;
  }
  return {};
}

}  // namespace dsnn::golden
