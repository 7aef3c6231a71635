#include "nn/network.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/relu.h>

#include <map>
#include <stdexcept>

#include "dsnn/error.h"
#include "dsnn/image_layout.h"
#include "dsnn/op_table.h"
#include "nn/model.h"

namespace dsnn::nn {
namespace {

/// How many nodes read a value; an output of the graph is one more reader.
std::vector<int> readers_of(const Graph& graph) {
  std::vector<int> out(graph.nodes.size(), 0);
  for (const Node& node : graph.nodes) {
    for (int input : node.inputs) ++out[static_cast<size_t>(input)];
  }
  for (const Output& output : graph.outputs) ++out[static_cast<size_t>(output.node)];
  return out;
}

const Op* op_of(const Graph& graph, const Node& node) {
  return node.layer < 0 ? find_op(node.function) : layer_op(graph.layers[static_cast<size_t>(node.layer)]);
}

bool runs(const Node& node, std::string_view function) { return node.layer < 0 && node.function == function; }

}  // namespace

Network::Network(Model model, LayerMakers& makers, Shortcuts shortcuts) : graph_(std::move(model.graph)) {
  graph_.validate();
  size_t taken = 0;
  for (const LayerSpec& spec : graph_.layers) {
    Tensors tensors = tensors_of(model.tensors, spec.name);
    taken += tensors.size();
    OwnTensors own(spec.name, std::move(tensors));
    layers_.push_back(makers.make(spec, own));
  }
  if (taken != model.tensors.size()) {
    throw std::invalid_argument("the model has " + std::to_string(model.tensors.size()) + " tensors, its layers hold " +
                                std::to_string(taken));
  }
  plan(shortcuts);
}

Network::~Network() = default;

void Network::plan(Shortcuts shortcuts) {
  const size_t count = graph_.nodes.size();
  steps_.resize(count);
  std::vector<size_t> last_use(count, 0);
  for (size_t i = 0; i < count; ++i) {
    const Node& node = graph_.nodes[i];
    if (node.layer >= 0) {
      steps_[i].layer = layers_[static_cast<size_t>(node.layer)].get();
    } else {
      steps_[i].function = make_function(node);
    }
    for (int input : node.inputs) {
      steps_[i].inputs.push_back(static_cast<size_t>(input));
      last_use[static_cast<size_t>(input)] = i;
    }
  }
  for (const Output& output : graph_.outputs) last_use[static_cast<size_t>(output.node)] = count;
  for (size_t i = 0; i < count; ++i) {
    if (last_use[i] > 0 && last_use[i] < count) steps_[last_use[i]].dead_after.push_back(i);
  }
  if (shortcuts == Shortcuts::none) return;
  const std::vector<int> readers = readers_of(graph_);
  plan_postponed(readers);
  plan_overwriting(readers);
}

/// ReLU and max pooling commute, gradients included, and behind the pool there are fewer values.
void Network::plan_postponed(const std::vector<int>& readers) {
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!runs(graph_.nodes[i], "max_pool")) continue;
    const size_t source = steps_[i].inputs[0];
    steps_[source].postponed = readers[source] == 1 && runs(graph_.nodes[source], "relu");
    steps_[i].relu_after = steps_[source].postponed;
  }
}

/// A tensor is overwritten only where it is fresh, this node alone reads it, and backward does not need it. An
/// operator's own layer may keep its output for backward, so it is overwritten without autograd only.
void Network::plan_overwriting(const std::vector<int>& readers) {
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    Step& step = steps_[i];
    if (step.layer != nullptr || step.function.overwrite == nullptr) continue;
    const Node& source = graph_.nodes[step.inputs[0]];
    const Op* op = op_of(graph_, source);
    if (op == nullptr || op->output_may_alias || readers[step.inputs[0]] != 1) continue;
    const bool relu_behind = steps_[step.inputs[0]].relu_after;  // its output is then what ReLU's backward needs
    const bool framework = source.layer < 0 || graph_.layers[static_cast<size_t>(source.layer)].op.empty();
    step.in_place = true;
    step.in_place_training = framework && !op->backward_needs_output && !relu_behind;
  }
}

at::Tensor Network::run(const Step& step, const StepContext& context) {
  arguments_.clear();
  for (size_t input : step.inputs) arguments_.push_back(values_[input]);
  if (step.layer != nullptr) return step.layer->forward(arguments_, context);
  if (step.postponed) return arguments_[0];
  const bool in_place = at::GradMode::is_enabled() ? step.in_place_training : step.in_place;
  at::Tensor out = in_place ? step.function.overwrite(arguments_[0]) : step.function.run(arguments_, context);
  return step.relu_after ? at::relu_(out) : out;
}

Outputs Network::forward(const at::Tensor& x, const StepContext& context) {
  values_.assign(graph_.nodes.size(), at::Tensor());
  values_[0] = channels_last(x);
  for (size_t i = 1; i < values_.size(); ++i) {
    values_[i] = run(steps_[i], context);
    arguments_.clear();
    for (size_t dead : steps_[i].dead_after) values_[dead] = at::Tensor();
  }
  Outputs out;
  for (const Output& output : graph_.outputs) out[output.name] = values_[static_cast<size_t>(output.node)];
  values_.clear();
  return out;
}

std::vector<NetworkParameter> Network::parameters() {
  std::vector<NetworkParameter> out;
  for (size_t i = 0; i < layers_.size(); ++i) {
    for (LayerParameter& p : layers_[i]->parameters()) {
      out.push_back({graph_.layers[i].name + "." + p.name, std::move(p.tensor), p.role});
    }
  }
  return out;
}

std::vector<NamedTensor> Network::state() {
  std::vector<NamedTensor> out;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const std::string prefix = graph_.layers[i].name + ".";
    for (LayerParameter& p : layers_[i]->parameters()) out.push_back({prefix + p.name, std::move(p.tensor)});
    for (NamedTensor& b : layers_[i]->buffers()) out.push_back({prefix + b.name, std::move(b.tensor)});
  }
  return out;
}

Model Network::model() {
  Model out{.graph = graph_, .tensors = {}};
  for (NamedTensor& entry : state()) out.tensors.emplace(entry.name, entry.tensor.detach().to(at::kCPU));
  return out;
}

at::Tensor Network::penalty(double weight_decay) {
  at::Tensor sum;
  for (const auto& layer : layers_) {
    const at::Tensor term = layer->penalty(weight_decay);
    if (!term.defined()) continue;
    sum = sum.defined() ? sum.add(term) : term;
  }
  return sum;
}

void Network::before_step() {
  for (const auto& layer : layers_) layer->before_step();
}

std::vector<Metric> Network::diagnostics() const {
  std::map<std::string, std::pair<double, int>> sums;
  for (const auto& layer : layers_) {
    for (const Metric& metric : layer->diagnostics()) {
      auto& [sum, count] = sums[metric.name];
      sum += metric.value;
      ++count;
    }
  }
  std::vector<Metric> out;
  for (const auto& [name, entry] : sums) out.push_back({name, entry.first / entry.second});
  return out;
}

void Network::to_double() {
  const at::NoGradGuard no_grad;
  for (NamedTensor& entry : state()) {
    if (entry.tensor.is_floating_point()) entry.tensor.set_data(entry.tensor.to(at::kDouble));
  }
}

void Network::to_device(at::Device device) {
  const at::NoGradGuard no_grad;
  for (NamedTensor& entry : state()) entry.tensor.set_data(entry.tensor.to(device));
}

}  // namespace dsnn::nn
