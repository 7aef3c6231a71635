#include "options.h"

#include <cmath>

namespace dsnn::deepshift {
namespace {

const char* name(Method method) { return method == Method::q ? "q" : "ps"; }

FixedPoint fixed_point_of(const ConfigView& section) {
  FixedPoint out;
  out.enabled = section.has("fixed_point");
  if (!out.enabled) return out;
  const ConfigView format = section.section("fixed_point");
  if (format.has("integer")) out.integer = static_cast<int>(format.integer("integer"));
  if (format.has("fraction")) out.fraction = static_cast<int>(format.integer("fraction"));
  out.nearest = format.has("rounding") && format.string("rounding") == "nearest";
  out.is_signed = !format.has("signed") || format.boolean("signed");
  out.legacy_clamp = format.has("clamp") && format.string("clamp") == "legacy";
  if (out.integer + out.fraction < 1)
    section.error("fixed_point", "a fixed-point format needs at least one bit, got 0.0");
  if (out.legacy_clamp && (out.integer < 2 || !out.is_signed)) {
    section.error("fixed_point", "clamp: legacy needs a signed format with at least 2 integer bits", "use clamp: full");
  }
  return out;
}

}  // namespace

double FixedPoint::lowest() const { return is_signed ? -std::ldexp(1.0, integer - 1) : 0.0; }

double FixedPoint::highest() const {
  if (legacy_clamp) return std::ldexp(1.0, integer - 1) - 1.0;
  return std::ldexp(1.0, is_signed ? integer - 1 : integer) - std::ldexp(1.0, -fraction);
}

int Options::lowest() const {
  const int half = 1 << (weight_bits - 1);
  return method == Method::q ? -(half - 1) : -(half - 2);
}

Options Options::from(const ConfigView& section) {
  Options out;
  out.method = section.string("method") == "q" ? Method::q : Method::ps;
  out.weight_bits = static_cast<int>(section.integer("weight_bits"));
  if (out.weight_bits < 2) {
    section.error("weight_bits",
                  "with weight_bits " + std::to_string(out.weight_bits) + " the range of shifts would be empty",
                  "use 2 to 8 bits");
  }
  out.stochastic = section.string("rounding") == "stochastic";
  out.stochastic_in_eval = section.boolean("stochastic_in_eval");
  out.fixed_point = fixed_point_of(section);
  if (section.boolean("deepshift_compat") && out.fixed_point.enabled && out.fixed_point.integer < 2) {
    section.error("fixed_point",
                  "deepshift_compat clamps to 2^(integer-1) - 1, so it needs at least 2 integer bits, got " +
                      std::to_string(out.fixed_point.integer));
  }
  out.round_input = section.boolean("round_input");
  out.round_bias = section.boolean("round_bias");
  out.freeze_sign = section.boolean("freeze_sign");
  out.init = section.string("init") == "random" ? Init::random : Init::converted;
  return out;
}

Options Options::from(const Attributes& a) {
  Options out;
  out.method = a.text("method") == "q" ? Method::q : Method::ps;
  out.weight_bits = static_cast<int>(a.integer("weight_bits"));
  out.stochastic = a.text("rounding") == "stochastic";
  out.stochastic_in_eval = a.integer("stochastic_in_eval") != 0;
  out.fixed_point.enabled = a.integer("fixed_point") != 0;
  out.fixed_point.integer = static_cast<int>(a.integer("fixed_integer"));
  out.fixed_point.fraction = static_cast<int>(a.integer("fixed_fraction"));
  out.fixed_point.nearest = a.text("fixed_rounding") == "nearest";
  out.fixed_point.is_signed = a.integer("fixed_signed") != 0;
  out.fixed_point.legacy_clamp = a.text("fixed_clamp") == "legacy";
  out.round_input = a.integer("round_input") != 0;
  out.round_bias = a.integer("round_bias") != 0;
  out.freeze_sign = a.integer("freeze_sign") != 0;
  out.init = a.text("init") == "random" ? Init::random : Init::converted;
  return out;
}

void Options::write(Attributes& a) const {
  const auto flag = [](bool value) { return int64_t{value ? 1 : 0}; };
  a.set("method", std::string(name(method)))
      .set("weight_bits", int64_t{weight_bits})
      .set("rounding", std::string(stochastic ? "stochastic" : "deterministic"))
      .set("stochastic_in_eval", flag(stochastic_in_eval))
      .set("fixed_point", flag(fixed_point.enabled))
      .set("fixed_integer", int64_t{fixed_point.integer})
      .set("fixed_fraction", int64_t{fixed_point.fraction})
      .set("fixed_rounding", std::string(fixed_point.nearest ? "nearest" : "floor"))
      .set("fixed_signed", flag(fixed_point.is_signed))
      .set("fixed_clamp", std::string(fixed_point.legacy_clamp ? "legacy" : "full"))
      .set("round_input", flag(round_input))
      .set("round_bias", flag(round_bias))
      .set("freeze_sign", flag(freeze_sign))
      .set("init", std::string(init == Init::random ? "random" : "converted"));
}

void apply_compat(Options& options, bool linear) {
  options.fixed_point.nearest = false;
  options.fixed_point.is_signed = true;
  options.fixed_point.legacy_clamp = true;
  if (!linear) return;
  options.round_bias = false;
  if (options.method == Method::ps) options.round_input = false;
}

}  // namespace dsnn::deepshift
