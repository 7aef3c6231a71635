#include "dsnn/plugin.h"
#include "dsnn/op_table.h"
#include "dsnn/operator.h"
#include "layer.h"
#include "options.h"

namespace {

using dsnn::deepshift::Options;
using dsnn::deepshift::ShiftLayer;

/// Convolutions and linear layers whose weights are powers of two (Elhoushi et al. 2021).
class DeepShift : public dsnn::Operator {
 public:
  explicit DeepShift(const dsnn::ConfigView& section)
      : options_(Options::from(section)), compat_(section.boolean("deepshift_compat")) {}

  bool accepts(const dsnn::LayerSpec& layer) const override { return layer.op.empty() && dsnn::is_weighted(layer); }

  dsnn::Subgraph expand(const dsnn::LayerSpec& layer, const dsnn::Tensors*, const dsnn::Prepared&) const override {
    Options options = options_;
    if (compat_) dsnn::deepshift::apply_compat(options, !dsnn::is_convolution(layer));
    dsnn::LayerSpec made = layer;
    made.name.clear();
    made.type = "deepshift." + layer.type;
    made.op = "deepshift";
    made.numeric = {.arithmetic = dsnn::Arithmetic::shift,
                    .weight_bits = options.weight_bits,
                    .activation_bits = options.activation_bits(),
                    .frozen = false};
    options.write(made.attributes);
    return {
        .layers = {std::move(made)},
        .nodes = {dsnn::Node{.layer = 0, .function = {}, .attributes = {}, .inputs = {-1}, .output = {}, .block = {}}}};
  }

  dsnn::Converted convert(const dsnn::LayerSpec& from, const dsnn::Tensors& source, const dsnn::Subgraph& made,
                          dsnn::Rng& rng) const override {
    return dsnn::deepshift::convert(from.name, made.layers.at(0), source, rng);
  }

  std::unique_ptr<dsnn::Layer> make(const dsnn::LayerSpec& layer, dsnn::OwnTensors& own) const override {
    return std::make_unique<ShiftLayer>(layer, own);
  }

  dsnn::Tensors effective(const dsnn::LayerSpec& layer, const dsnn::Tensors& own) const override {
    return dsnn::deepshift::effective(layer, own);
  }

 private:
  Options options_;
  bool compat_;
};

constexpr auto kFixedPoint =
    dsnn::schema("fixed_point", "Fixed point of inputs and biases")
        .integer("integer",
                 {.value = 16, .min = 0, .max = 32, .unit = "bit", .doc = "Integer bits, the sign bit included"})
        .integer("fraction", {.value = 16, .min = 0, .max = 32, .unit = "bit", .doc = "Fraction bits"})
        .choice("rounding",
                {.choices = {"floor", "nearest"}, .value = "floor", .doc = "Towards minus infinity, or half to even"})
        .flag("signed", {.value = true, .doc = "false: 0 .. 2^integer, for inputs that are never negative"})
        .choice("clamp", {.choices = {"full", "legacy"},
                          .value = "full",
                          .doc = "Upper end: the format's largest value, or 2^(integer-1) - 1 as the original has it"});

constexpr auto kSchema =
    dsnn::schema("deepshift",
                 "Power-of-two weights: DeepShift-Q rounds float weights, DeepShift-PS trains shift and sign")
        .choice("method", {.choices = {"q", "ps"},
                           .value = "ps",
                           .doc = "q: rounded float weights; ps: shift and sign are parameters"})
        .integer("weight_bits",
                 {.value = 5,
                  .min = 2,
                  .max = 8,
                  .numeric = "weight_bits",
                  .unit = "bit",
                  .doc = "Bits per weight, the sign included; with 1 bit the range of shifts would be empty"})
        .choice("rounding", {.choices = {"deterministic", "stochastic"},
                             .value = "deterministic",
                             .doc = "Of the exponents and signs; stochastic acts in training only"})
        .flag("stochastic_in_eval",
              {.value = false, .doc = "Stochastic rounding in evaluation too, as the original does"})
        .map("fixed_point", {.fields = kFixedPoint.fields(),
                             .nullable = true,
                             .json = R"({"integer":16,"fraction":16,"rounding":"floor","signed":true,"clamp":"full"})",
                             .doc = "Fixed point of inputs and biases; null leaves them float"})
        .flag("round_input", {.value = true, .doc = "Round the inputs to fixed point"})
        .flag("round_bias", {.value = true, .doc = "Round the biases to fixed point"})
        .choice("init", {.choices = {"converted", "random"},
                         .value = "converted",
                         .doc = "Start of ps: from the float weights, or random shifts and signs"})
        .flag("freeze_sign", {.value = false, .doc = "ps: keep the signs as they start"})
        .choice("range", {.choices = {"fixed"}, .value = "fixed", .doc = "Exponents end at 0"})
        .flag("deepshift_compat",
              {.value = false,
               .doc = "As the original code: Q linear rounds no bias, PS linear rounds nothing, signed floor "
                      "with the legacy clamp; depth counts convolutions only"});

}  // namespace

DSNN_PLUGIN("deepshift", "0.3.0", "Apache-2.0", dsnn::component<DeepShift>(kSchema));
