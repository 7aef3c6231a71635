#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dsnn/graph.h"
#include "dsnn/layer.h"
#include "dsnn/model.h"
#include "dsnn/task.h"
#include "nn/functions.h"
#include "nn/layer_makers.h"

namespace dsnn::nn {

struct NetworkParameter {
  std::string name;  ///< state-dict name: "layer1.0.conv1.weight"
  at::Tensor tensor;
  Role role = Role::weight;
};

/// Runs a Model with LibTorch. One thread. Intermediate results are freed after their last use. In evaluation the
/// caller sets the no-grad guard; `dropout` draws from LibTorch's default generator, which the training loop reseeds
/// before every step.
class Network {
 public:
  /// Faster orders of execution with the same results: overwriting, and ReLU behind a max pool. `none` is for tests.
  enum class Shortcuts { taken, none };

  /// Layers hold copies of the model's tensors. Throws std::invalid_argument when the graph is broken or the tensors do
  /// not fit it, PluginError when an operator is missing.
  Network(Model model, LayerMakers& makers, Shortcuts shortcuts = Shortcuts::taken);
  ~Network();

  /// x: [n, C, H, W]. Every declared output by name.
  Outputs forward(const at::Tensor& x, const StepContext& step);
  std::vector<NetworkParameter> parameters();
  /// Parameters and buffers in registration order (state-dict order), by full name.
  std::vector<NamedTensor> state();
  /// What it is now, on the CPU; tensors on the CPU are shared with the layers.
  Model model();
  /// Sum of the layers' penalties; undefined when none has one.
  at::Tensor penalty(double weight_decay);
  void before_step();
  /// Each diagnostic as its mean over the layers that give it, in name order.
  std::vector<Metric> diagnostics() const;
  void to_double();  ///< for golden tests: every float tensor becomes float64
  /// Moves parameters and buffers, keeping their identity. Before an optimiser is attached.
  void to_device(at::Device device);
  const Graph& graph() const { return graph_; }

 private:
  /// How one node runs; resolved once.
  struct Step {
    Layer* layer = nullptr;  ///< or `function`
    Function function;
    std::vector<size_t> inputs;
    std::vector<size_t> dead_after;  ///< the values nobody needs any more
    bool postponed = false;          ///< a ReLU that runs behind the max pool that reads it
    bool relu_after = false;         ///< that pool
    bool in_place = false;           ///< may overwrite its input without autograd
    bool in_place_training = false;  ///< ... and with it
  };

  void plan(Shortcuts shortcuts);
  void plan_postponed(const std::vector<int>& readers);
  void plan_overwriting(const std::vector<int>& readers);
  at::Tensor run(const Step& step, const StepContext& context);

  Graph graph_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<Step> steps_;                     ///< per node
  std::vector<at::Tensor> values_, arguments_;  ///< of a running forward pass; empty between two
};

}  // namespace dsnn::nn
