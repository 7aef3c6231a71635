#pragma once

#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "dsnn/operator.h"
#include "support/components.h"
#include "support/made_layer.h"

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

/// Calls check(case, method, operator) for each case that this project has a component for, with the operator made from
/// the case's `attributes` (the case itself when it has none), and prints how many there were of either kind.
template <class Check>
void check_shift_cases(const std::string& name, const Value& cases, const Check& check) {
  test::Components components;
  int checked = 0, without_component = 0;
  for (const Value& expected : cases.items()) {
    SCOPED_TRACE(expected.at("name").string());
    const Value* own = expected.find("attributes");
    const Value& a = own != nullptr ? *own : expected;
    const std::optional<std::string> method = shift_method_of(expected.at("type").string());
    const Value* rounding = a.find("rounding");
    if (!method || (rounding != nullptr && rounding->string() != "deterministic")) {
      ++without_component;
      continue;
    }
    const std::unique_ptr<Operator> op =
        original_operator(components, *method, a.at("weight_bits").integer(), a.at("act_integer_bits").integer(),
                          a.at("act_fraction_bits").integer());
    check(expected, *method, *op);
    ++checked;
  }
  std::cout << name << ": " << checked << " cases checked, " << without_component << " without a component\n";
}

inline at::Tensor parameter(Layer& layer, const std::string& name) {
  for (const LayerParameter& p : layer.parameters()) {
    if (p.name == name) return p.tensor;
  }
  return {};
}

}  // namespace dsnn::golden
