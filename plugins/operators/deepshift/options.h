#pragma once

#include <string>

#include "dsnn/config_view.h"
#include "dsnn/graph.h"

namespace dsnn::deepshift {

enum class Method { q, ps };
enum class Init { converted, random };

/// Fixed point of activations and biases. The sign bit is one of the integer bits.
struct FixedPoint {
  bool enabled = true;
  int integer = 16, fraction = 16;
  bool nearest = false;
  bool is_signed = true;
  bool legacy_clamp = false;  ///< upper end 2^(integer - 1) - 1 instead of the format's largest value

  double lowest() const;
  double highest() const;
};

/// Every decision about one layer. It travels in the layer's attributes, so a checkpoint needs no experiment file.
struct Options {
  Method method = Method::ps;
  int weight_bits = 5;
  bool stochastic = false;
  bool stochastic_in_eval = false;
  FixedPoint fixed_point;
  bool round_input = true, round_bias = true;
  bool freeze_sign = false;
  Init init = Init::converted;

  /// The smallest exponent; the largest is 0.
  int lowest() const;
  /// Of what enters the layer's sum; 32 when the input stays float.
  int activation_bits() const {
    return fixed_point.enabled && round_input ? fixed_point.integer + fixed_point.fraction : 32;
  }

  /// Of a section `operator` of type deepshift. Throws ConfigError.
  static Options from(const ConfigView& section);
  static Options from(const Attributes& attributes);
  void write(Attributes& attributes) const;
};

/// Changes `options` of one layer to what the original code does with it: convolutions round input and bias, Q linear
/// layers the input only, PS linear layers neither; floor, signed, legacy clamp.
void apply_compat(Options& options, bool linear);

}  // namespace dsnn::deepshift
