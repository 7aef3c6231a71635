#include "dsnn/plugin.h"

#include <string_view>

#include "parego.h"
#include "random_forest.h"

namespace {

/// The surrogate `random_forest` as a component.
class ForestComponent : public parego::RandomForest {
 public:
  explicit ForestComponent(const dsnn::ConfigView& section)
      : RandomForest({.trees = static_cast<int>(section.integer("trees")),
                      .min_split = static_cast<int>(section.integer("min_split")),
                      .min_leaf = static_cast<int>(section.integer("min_leaf")),
                      .features = section.number("features"),
                      .bootstrap = section.boolean("bootstrap"),
                      .smoothing = 0,
                      .trend = section.boolean("trend")}) {}
};

constexpr auto kForest =
    dsnn::schema("random_forest", "Random forest with the variance of SMAC's, for mixed and conditional spaces")
        .integer("trees", {.value = 32, .min = 1, .max = 1024, .doc = "Number of trees"})
        .integer("min_split", {.value = 3, .min = 2, .doc = "A node with fewer samples is a leaf"})
        .integer("min_leaf", {.value = 1, .min = 1, .doc = "Samples each side of a split keeps at least"})
        .number("features", {.value = 0.8333333333333334,
                             .max = 1.0,
                             .min_exclusive = 0.0,
                             .doc = "Share of the columns tried at each node"})
        .flag("bootstrap", {.value = true, .doc = "Each tree learns a resample of the data"})
        .flag("trend", {.value = true, .doc = "The trees learn what an additive trend (parabolas, constants) leaves"});

constexpr auto kInitial =
    dsnn::schema("initial", "Configurations before the model exists")
        .choice("design",
                {.choices = {"sobol", "random"}, .value = std::string_view("sobol"), .doc = "How they are spread"})
        .integer("size", {.min = 1, .nullable = true, .doc = "How many; default one per parameter, 8 to 10"})
        .flag("default",
              {.value = true, .doc = "The default configuration is one of them, unless it was evaluated as trial 0"})
        .list("configurations", {.item = dsnn::FieldType::map,
                                 .json = "[]",
                                 .names = "parameters",
                                 .doc = "Configurations (parameter id: value) to try first"});

constexpr auto kParego =
    dsnn::schema(
        "parego",
        "ParEGO: random scalarisation, random forest, log expected improvement; several objectives and fidelities")
        .component("surrogate", {.kind = "surrogate",
                                 .json = "{\"type\":\"random_forest\"}",
                                 .doc = "The model of each objective; the scalarisation is taken of its predictions"})
        .map("initial", {.fields = kInitial.fields(), .doc = "The initial design"})
        .number("random_fraction",
                {.value = 0.1, .min = 0.0, .max = 1.0, .doc = "Share of suggestions drawn uniformly"})
        .number("rho", {.value = 0.05, .min = 0.0, .doc = "Weight of the sum beside the maximum in the scalarisation"})
        .integer("candidates", {.value = 10000, .min = 1, .max = 1000000, .doc = "Candidates scored per suggestion"});
constexpr dsnn::ComponentOptions kDefault{.default_for_kind = true};

}  // namespace

DSNN_PLUGIN("parego", "0.3.0", "Apache-2.0", dsnn::component<parego::Parego>(kParego, kDefault),
            dsnn::component<ForestComponent>(kForest, kDefault));
