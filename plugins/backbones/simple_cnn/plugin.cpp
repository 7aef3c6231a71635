#include <algorithm>
#include <stdexcept>

#include "dsnn/backbone.h"
#include "dsnn/graph_builder.h"
#include "dsnn/plugin.h"

namespace {

constexpr int64_t kSmallestSide = 16;  // two 5x5 convolutions, each halved by a pool, must leave one value

/// Two 5x5 convolutions with max pooling, then two linear layers: conv1, conv2, fc1, fc2.
class SimpleCnn : public dsnn::Backbone {
 public:
  explicit SimpleCnn(const dsnn::ConfigView& section)
      : conv1_(section.integer("conv1")), conv2_(section.integer("conv2")), hidden_(section.integer("hidden")) {}

  dsnn::Graph build(const dsnn::Shape& input, int64_t classes) const override {
    if (input.size() != 3 || std::min(input[1], input[2]) < kSmallestSide) {
      throw std::invalid_argument("simple_cnn needs images of at least 16 x 16 values");
    }
    if (classes < 1) throw std::invalid_argument("simple_cnn needs at least one class, got " + std::to_string(classes));
    dsnn::GraphBuilder net(input);
    int at = net.conv2d(0, "conv1", conv1_, {.kernel = 5, .role = "stem"});
    at = net.max_pool(net.relu(at), {});
    at = net.conv2d(at, "conv2", conv2_, {.kernel = 5, .role = "body"});
    at = net.flatten(net.max_pool(net.relu(at), {}));
    at = net.relu(net.linear(at, "fc1", hidden_, {.role = "body"}));
    return net.finish(net.linear(at, "fc2", classes, {.role = "classifier"}));
  }

 private:
  int64_t conv1_, conv2_, hidden_;
};

constexpr auto kSchema =
    dsnn::schema("simple_cnn", "Two 5x5 convolutions and two linear layers (DeepShift's MNIST net)")
        .integer("conv1", {.value = 20, .min = 1, .max = 4096, .doc = "Channels of the first convolution"})
        .integer("conv2", {.value = 50, .min = 1, .max = 4096, .doc = "Channels of the second convolution"})
        .integer("hidden", {.value = 500, .min = 1, .max = 65536, .doc = "Width of the hidden linear layer"});

}  // namespace

DSNN_PLUGIN("simple_cnn", "0.3.0", "Apache-2.0", dsnn::component<SimpleCnn>(kSchema));
