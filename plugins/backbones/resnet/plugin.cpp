#include <algorithm>
#include <stdexcept>

#include "dsnn/backbone.h"
#include "dsnn/graph_builder.h"
#include "dsnn/plugin.h"

namespace {

using namespace std::string_view_literals;

enum class Shortcut { parameter_free, projection };

constexpr int64_t kSmallestSide = 4;  // two strides of 2 must leave one value

/// The residual networks for small images: a 3x3 stem, three stages of `Blocks` basic blocks with 16, 32 and 64
/// channels, global average pooling, one linear layer. Depth = 6 * Blocks + 2.
template <int Blocks>
class CifarResnet : public dsnn::Backbone {
 public:
  explicit CifarResnet(const dsnn::ConfigView& section)
      : shortcut_(section.string("shortcut") == "projection" ? Shortcut::projection : Shortcut::parameter_free),
        width_(section.integer("width")) {}

  dsnn::Graph build(const dsnn::Shape& input, int64_t classes) const override {
    if (input.size() != 3 || std::min(input[1], input[2]) < kSmallestSide) {
      throw std::invalid_argument("resnet" + std::to_string(6 * Blocks + 2) + " needs images of at least 4 x 4 values");
    }
    if (classes < 1) throw std::invalid_argument("a resnet needs at least one class, got " + std::to_string(classes));
    dsnn::GraphBuilder net(input);
    int at = net.conv2d(0, "conv1", width_, {.padding = 1, .bias = false, .role = "stem"});
    at = net.relu(net.batch_norm(at, "bn1", {}));
    for (int stage = 0; stage < 3; ++stage) {
      for (int block = 0; block < Blocks; ++block) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
        at = add_block(net, at, name, width_ << stage, stage > 0 && block == 0 ? 2 : 1);
      }
    }
    net.begin_block("");
    at = net.flatten(net.global_avg_pool(at));
    return net.finish(net.linear(at, "linear", classes, {.role = "classifier"}));
  }

 private:
  int add_block(dsnn::GraphBuilder& net, int from, const std::string& name, int64_t channels, int64_t stride) const {
    net.begin_block(name);
    int at = net.conv2d(from, name + ".conv1", channels, {.stride = stride, .padding = 1, .bias = false});
    at = net.relu(net.batch_norm(at, name + ".bn1", {}));
    at = net.conv2d(at, name + ".conv2", channels, {.padding = 1, .bias = false});
    at = net.batch_norm(at, name + ".bn2", {});
    return net.relu(net.add(at, add_shortcut(net, from, name, channels, stride)));
  }

  int add_shortcut(dsnn::GraphBuilder& net, int from, const std::string& name, int64_t channels, int64_t stride) const {
    const int64_t missing = channels - net.shape(from)[0];
    if (missing == 0 && stride == 1) return from;
    if (shortcut_ == Shortcut::parameter_free)
      return net.subsample_pad(from, stride, missing / 2, missing - missing / 2);
    const int at = net.conv2d(from, name + ".shortcut.0", channels,
                              {.kernel = 1, .stride = stride, .bias = false, .role = "shortcut"});
    return net.batch_norm(at, name + ".shortcut.1", {});
  }

  Shortcut shortcut_;
  int64_t width_;
};

constexpr dsnn::Schema resnet_schema(std::string_view name, std::string_view summary) {
  return dsnn::schema(name, summary)
      .choice("shortcut",
              {.choices = {"parameter_free", "projection"},
               .value = "parameter_free"sv,
               .doc = "Where the shape changes: every second pixel and zero channels, or a 1x1 convolution"})
      .integer("width", {.value = 16, .min = 1, .max = 1024, .doc = "Channels of the first stage; doubled twice"});
}

constexpr auto kResnet20 = resnet_schema("resnet20", "CIFAR ResNet with 20 layers, 16 channels wide");
constexpr auto kResnet32 = resnet_schema("resnet32", "CIFAR ResNet with 32 layers, 16 channels wide");
constexpr auto kResnet44 = resnet_schema("resnet44", "CIFAR ResNet with 44 layers, 16 channels wide");
constexpr auto kResnet56 = resnet_schema("resnet56", "CIFAR ResNet with 56 layers, 16 channels wide");

}  // namespace

DSNN_PLUGIN("resnet", "0.3.0", "Apache-2.0", dsnn::component<CifarResnet<3>>(kResnet20),
            dsnn::component<CifarResnet<5>>(kResnet32), dsnn::component<CifarResnet<7>>(kResnet44),
            dsnn::component<CifarResnet<9>>(kResnet56));
