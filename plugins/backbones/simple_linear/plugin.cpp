#include <stdexcept>

#include "dsnn/backbone.h"
#include "dsnn/graph_builder.h"
#include "dsnn/plugin.h"

namespace {

/// A stack of linear layers fc1, fc2, ...: every hidden one followed by ReLU and dropout.
class SimpleLinear : public dsnn::Backbone {
 public:
  explicit SimpleLinear(const dsnn::ConfigView& section)
      : hidden_(section.integers("hidden")), dropout_(section.number("dropout")) {}

  dsnn::Graph build(const dsnn::Shape& input, int64_t classes) const override {
    if (classes < 1)
      throw std::invalid_argument("simple_linear needs at least one class, got " + std::to_string(classes));
    dsnn::GraphBuilder net(input);
    int at = net.flatten(0);
    for (size_t i = 0; i < hidden_.size(); ++i) {
      at = net.relu(net.linear(at, "fc" + std::to_string(i + 1), hidden_[i], {.role = i == 0 ? "stem" : "body"}));
      if (dropout_ > 0) at = net.dropout(at, dropout_);
    }
    return net.finish(net.linear(at, "fc" + std::to_string(hidden_.size() + 1), classes, {.role = "classifier"}));
  }

 private:
  std::vector<int64_t> hidden_;
  double dropout_;
};

constexpr auto kSchema =
    dsnn::schema("simple_linear", "Linear layers with ReLU and dropout (DeepShift's MNIST net 784-512-512-10)")
        .list("hidden", {.item = dsnn::FieldType::integer,
                         .each = {.min = 1.0, .max = 65536.0},
                         .json = "[512,512]",
                         .doc = "Widths of the hidden layers"})
        .number("dropout", {.value = 0.2, .min = 0.0, .max_exclusive = 1.0, .doc = "Dropout after every hidden layer"});

}  // namespace

DSNN_PLUGIN("simple_linear", "0.3.0", "Apache-2.0", dsnn::component<SimpleLinear>(kSchema));
