#include <stdexcept>

#include "dsnn/operator.h"
#include "dsnn/plugin.h"

namespace {

/// Leaves every layer as the backbone made it: ordinary floating-point multiplications.
class Float : public dsnn::Operator {
 public:
  bool accepts(const dsnn::LayerSpec&) const override { return false; }

  dsnn::Subgraph expand(const dsnn::LayerSpec& layer, const dsnn::Tensors*, const dsnn::Prepared&) const override {
    dsnn::LayerSpec same = layer;
    same.name.clear();
    return {.layers = {same}, .nodes = {}};
  }

  dsnn::Converted convert(const dsnn::LayerSpec&, const dsnn::Tensors& source, const dsnn::Subgraph&,
                          dsnn::Rng&) const override {
    return {.tensors = source, .warnings = {}};
  }

  std::unique_ptr<dsnn::Layer> make(const dsnn::LayerSpec& layer, dsnn::OwnTensors&) const override {
    throw std::logic_error("operator 'float' makes no layers of its own, got '" + layer.name + "'");
  }

  dsnn::Tensors effective(const dsnn::LayerSpec&, const dsnn::Tensors& own) const override { return own; }
};

constexpr auto kSchema = dsnn::schema("float", "Ordinary floating-point layers: nothing is converted");
constexpr dsnn::ComponentOptions kOptions{.default_for_kind = true};

}  // namespace

DSNN_PLUGIN("float", "0.3.0", "Apache-2.0", dsnn::component<Float>(kSchema, kOptions));
