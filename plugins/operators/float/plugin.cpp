#include <stdexcept>

#include "dsnn/operator.h"
#include "dsnn/plugin.h"

namespace {

/// Leaves every layer as the backbone made it: ordinary floating-point multiplications.
class Float : public dsnn::Operator {
 public:
  bool accepts(const dsnn::LayerSpec&) const override { return false; }

  dsnn::Subgraph expand(const dsnn::LayerSpec& layer, const dsnn::Tensors*) const override {
    dsnn::LayerSpec same = layer;
    same.name.clear();
    dsnn::Node node;
    node.layer = 0;
    node.inputs = {-1};
    return {.layers = {same}, .nodes = {node}};
  }

  std::unique_ptr<dsnn::Layer> make(const dsnn::LayerSpec& layer, dsnn::Rng&) const override {
    throw std::logic_error("operator 'float' makes no layers of its own, got '" + layer.name + "'");
  }

  std::vector<std::string> convert(const dsnn::Tensors&, std::span<dsnn::Layer* const>) const override { return {}; }
};

constexpr auto kSchema = dsnn::schema("float", "Ordinary floating-point layers: nothing is converted");
constexpr dsnn::ComponentOptions kOptions{.default_for_kind = true};

}  // namespace

DSNN_PLUGIN("float", "0.3.0", "Apache-2.0", dsnn::component<Float>(kSchema, kOptions));
