#include "dsnn/plugin.h"
#include "tdp.h"

namespace {

/// The meter `tdp` on this machine.
class Tdp : public tdp::TdpMeter {
 public:
  explicit Tdp(const dsnn::ConfigView& section)
      : TdpMeter(tdp::this_machine(),
                 section.has("tdp_watts") ? std::optional<double>(section.number("tdp_watts")) : std::nullopt,
                 section.number("idle_fraction")) {}
};

constexpr auto kSchema =
    dsnn::schema("tdp", "A model, not a measurement: thermal design power x CPU time of the process")
        .number("tdp_watts", {.min_exclusive = 0.0,
                              .nullable = true,
                              .unit = "W",
                              .doc = "Of the package; default a table of common processors, else 4 W per logical CPU"})
        .number("idle_fraction", {.value = 0.1, .min = 0.0, .max = 1.0, .doc = "Share of that power drawn when idle"})
        .metric({.name = "*.energy_kwh", .unit = "kWh", .better = "lower", .reproducible = false});
constexpr dsnn::ComponentOptions kOptions{
    .default_for_kind = true,
    .note = "Time in disguise: use it to budget, and inference.energy_mj to compare networks."};

}  // namespace

DSNN_PLUGIN("tdp", "0.3.0", "Apache-2.0", dsnn::component<Tdp>(kSchema, kOptions));
