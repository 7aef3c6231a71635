#include "dsnn/plugin.h"

#include <string_view>

#include "operation_count.h"

namespace {

/// The component `hardware_model`; its one mode in this build is `opcount_45nm`.
class HardwareModel : public hardware_model::OperationCount {
 public:
  explicit HardwareModel(const dsnn::ConfigView& section) : OperationCount(options(section)) {}

 private:
  static hardware_model::OperationCountOptions options(const dsnn::ConfigView& section) {
    const double add = section.number("fp32_add_pj");
    if (add != 0.9 && add != 1.1) section.error("fp32_add_pj", "'fp32_add_pj' must be 0.9 or 1.1");
    return {.fp32_add_fj = add == 0.9 ? 900 : 1100, .weight_bit_fj = section.integer("weight_bit_fj")};
  }
};

constexpr dsnn::MetricDeclaration known(std::string_view name, std::string_view unit) {
  return {.name = name, .unit = unit, .better = "lower", .reproducible = true, .known_before_training = true};
}

constexpr auto kSchema =
    dsnn::schema("hardware_model",
                 "Analytic energy of one inference at 45 nm: exact, repeatable, known before training")
        .choice("mode", {.choices = {"opcount_45nm"},
                         .value = std::string_view("opcount_45nm"),
                         .doc = "Count operations, each layer by its own arithmetic"})
        .number("fp32_add_pj", {.value = 0.9,
                                .min = 0.9,
                                .max = 1.1,
                                .unit = "pJ",
                                .doc = "Energy of one FP32 addition: 0.9, or 1.1 as one paper prints it"})
        .integer("weight_bit_fj",
                 {.value = 0,
                  .min = 0,
                  .max = 1000000,
                  .numeric = "weight_bits",
                  .unit = "fJ",
                  .doc = "Added per multiply-accumulate and stored weight bit, so that the bit width matters"})
        .metric(known("inference.energy_mj", "mJ"))
        .metric(known("inference.ops_mj", "mJ"))
        .metric(known("inference.memory_mj", "mJ"))
        .metric(known("model.multiplications", ""))
        .metric(known("model.shifts", ""))
        .metric(known("model.adds", ""));
constexpr dsnn::ComponentOptions kOptions{.default_for_kind = true};

}  // namespace

DSNN_PLUGIN("hardware_model", "0.3.0", "Apache-2.0", dsnn::component<HardwareModel>(kSchema, kOptions));
