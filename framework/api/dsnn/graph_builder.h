#pragma once

#include <string>
#include <vector>

#include "dsnn/graph.h"

namespace dsnn {

/// Writes a Graph down in execution order: every call adds one node, returns its index and knows its shape, so input
/// sizes need not be repeated. Registration order (state dict) is the order of the calls that add layers.
///
/// All calls throw std::invalid_argument in one sentence when the shapes do not fit, and then add nothing.
class GraphBuilder {
 public:
  struct Conv {
    int64_t kernel = 3, stride = 1, padding = 0, dilation = 1, groups = 1;
    bool bias = true;
    std::string role = "body";
  };
  struct Linear {
    bool bias = true;
    std::string role = "body";
  };
  struct Norm {
    double eps = 1e-5, momentum = 0.1;
  };
  struct Pool {
    int64_t kernel = 2, stride = 2, padding = 0;
  };

  /// Node 0 is the input of this shape (C, H, W).
  explicit GraphBuilder(const Shape& input);

  int conv2d(int from, std::string name, int64_t out, Conv options);
  int linear(int from, std::string name, int64_t out, Linear options);
  int batch_norm(int from, std::string name, Norm options);
  int relu(int from);
  int add(int a, int b);
  int concat(std::vector<int> from);
  int flatten(int from);
  int dropout(int from, double p);
  int max_pool(int from, Pool options);
  int avg_pool(int from, Pool options);
  int global_avg_pool(int from);
  /// Every `stride`-th row and column, and zero channels before and after: a shortcut without parameters.
  int subsample_pad(int from, int64_t stride, int64_t before, int64_t after);

  /// Any function of the op table.
  int add_function(std::string function, std::vector<int> from, Attributes attributes = {});
  /// Any layer; its type, attributes and numeric are the caller's.
  int add_layer(int from, LayerSpec layer);

  /// Declares another output beside the logits: "features/8", "aux1".
  void output(std::string name, int node);
  const Shape& shape(int node) const;
  /// Nodes added from here on belong to this block.
  void begin_block(std::string name) { block_ = std::move(name); }
  /// The graph with output "logits" behind the others, validated.
  Graph finish(int logits);

 private:
  int shaped(int node);

  Graph graph_;
  std::string block_;
};

}  // namespace dsnn
