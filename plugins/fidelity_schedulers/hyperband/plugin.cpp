#include "dsnn/plugin.h"

#include <cmath>
#include <string_view>

#include "brackets.h"

namespace {

/// Brackets s_max..0 of the Hyperband paper: n_s = ceil((s_max + 1) / (s + 1) * eta^s).
class Hyperband : public Brackets {
 protected:
  std::vector<BracketShape> shapes(int top, double eta) const override {
    std::vector<BracketShape> out;
    for (int s = top; s >= 0; --s) {
      const double n = static_cast<double>(top + 1) / (s + 1) * std::pow(eta, s);
      out.push_back({.lowest_rung = top - s, .configurations = static_cast<int64_t>(std::ceil(n - 1e-9))});
    }
    return out;
  }
};

/// One bracket over the whole ladder, repeated.
class SuccessiveHalving : public Brackets {
 public:
  explicit SuccessiveHalving(const dsnn::ConfigView& section)
      : configurations_(section.has("configurations") ? section.integer("configurations") : 0) {}

 protected:
  std::vector<BracketShape> shapes(int top, double eta) const override {
    const auto one_survivor = static_cast<int64_t>(std::ceil(std::pow(eta, top) - 1e-9));
    return {{.lowest_rung = 0, .configurations = configurations_ > 0 ? configurations_ : one_survivor}};
  }

 private:
  int64_t configurations_;  ///< 0 = just enough for one survivor
};

constexpr dsnn::Schema with_budget_keys(const dsnn::Schema& schema) {
  return schema
      .text("budget", {.value = std::string_view("epochs"), .names = "budget", .doc = "The key that is made cheaper"})
      .number("min", {.min_exclusive = 0.0, .required = true, .doc = "Budget of the lowest rung"})
      .number(
          "max",
          {.min_exclusive = 0.0, .nullable = true, .doc = "Budget of the highest rung; default the key's own value"})
      .number("eta", {.value = 3.0,
                      .min_exclusive = 1.0,
                      .doc = "Each rung keeps 1/eta of its trials and multiplies the budget by eta"})
      .flag("continue", {.value = true, .doc = "Promotion continues from the checkpoint instead of training from zero"})
      .choice("front", {.choices = {"top", "any"},
                        .value = std::string_view("top"),
                        .doc = "Trials that may enter the Pareto front: of the highest budget, or of any"});
}

constexpr dsnn::Schema kHyperband =
    with_budget_keys(dsnn::schema("hyperband", "Hyperband: successive halving with several start budgets"));
constexpr dsnn::Schema kSuccessiveHalving =
    with_budget_keys(
        dsnn::schema("successive_halving", "Successive halving: start many, keep the best 1/eta at each rung"))
        .integer("configurations",
                 {.min = 1,
                  .nullable = true,
                  .doc = "Configurations on the lowest rung; default eta^rungs, which leaves one at the top"});

}  // namespace

DSNN_PLUGIN("hyperband", "0.3.0", "Apache-2.0", dsnn::component<Hyperband>(kHyperband),
            dsnn::component<SuccessiveHalving>(kSuccessiveHalving));
