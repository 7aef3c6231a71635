// Samples per second of the input pipeline beside those of a training step: the pipeline must never be what a trial
// waits for. Compare items_per_second of load with training_step.
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <benchmark/benchmark.h>

#include <numeric>

#include "dsnn/image_dataset.h"
#include "dsnn/image_layout.h"
#include "dsnn/optimizer.h"
#include "dsnn/rng.h"
#include "nn/network.h"
#include "plugin/catalog.h"
#include "plugin/loader.h"
#include "runtime/seeding.h"
#include "runtime/threads.h"
#include "training/model.h"
#include "training/parameter_groups.h"

namespace {

using namespace dsnn;

constexpr int64_t kSamples = 8192;
constexpr int64_t kBatch = 128;

const plugin::Loader& loader() {
  static const plugin::Catalog catalog(
      {std::filesystem::path(DSNN_BINARY_DIR) / "plugins", std::filesystem::path(DSNN_BINARY_DIR) / "lib"});
  static const plugin::Loader all(catalog, plugin::Loader::Torch::allowed);
  return all;
}

ConfigView view(const Value& section) {
  static const Origins kNone;
  return ConfigView(section, "", kNone);
}

/// Noise in the shape of a real data set: what is in the pixels does not change the time.
class Noise : public ImageDataset {
 public:
  Noise(const ConfigView& section, Shape shape)
      : ImageDataset(section, loader(),
                     {.name = "noise",
                      .info = {.input = shape, .classes = 10, .class_names = {}},
                      .mean = std::vector<double>(static_cast<size_t>(shape[0]), 0.5),
                      .std = std::vector<double>(static_cast<size_t>(shape[0]), 0.25),
                      .folders = {""},
                      .how_to_get = ""}),
        shape_(std::move(shape)) {}

 protected:
  std::vector<std::string> missing_files(const std::filesystem::path&, bool) const override { return {}; }
  int64_t count(const std::filesystem::path&, bool) const override { return kSamples; }
  ImageTable read(const std::filesystem::path&, bool) const override {
    ImageTable table{.channels = shape_[0], .height = shape_[1], .width = shape_[2], .pixels = {}, .labels = {}};
    Rng rng(1);
    table.pixels.resize(static_cast<size_t>(kSamples * shape_[0] * shape_[1] * shape_[2]));
    for (uint8_t& pixel : table.pixels) pixel = static_cast<uint8_t>(rng.bits32());
    for (int64_t i = 0; i < kSamples; ++i) table.labels.push_back(i % 10);
    return table;
  }

 private:
  Shape shape_;
};

constexpr const char* kPlain = R"({"root":"/","transforms":[{"type":"normalize","mean":null,"std":null}]})";
constexpr const char* kAugmented =
    R"({"root":"/","transforms":[{"type":"random_crop","padding":4},)"
    R"({"type":"horizontal_flip","p":0.5},{"type":"normalize","mean":null,"std":null}]})";

void load(benchmark::State& state, const char* json, const Shape& shape) {
  runtime::set_threads(1);
  const Value section = parse_json(json);
  const Noise dataset(view(section), shape);
  std::vector<int64_t> order(kSamples);
  std::iota(order.begin(), order.end(), int64_t{0});
  Rng(3).shuffle(order);
  int64_t begin = 0;
  for (auto _ : state) {
    const Batch batch = dataset.load(Split::train, std::span(order).subspan(static_cast<size_t>(begin), kBatch),
                                     {.seed = 1, .epoch = 2, .training = true});
    benchmark::DoNotOptimize(batch.input.const_data_ptr());
    begin = (begin + kBatch) % kSamples;
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK_CAPTURE(load, fashion_mnist_normalize, kPlain, Shape{1, 28, 28});
BENCHMARK_CAPTURE(load, cifar10_crop_flip_normalize, kAugmented, Shape{3, 32, 32});

/// Forward, backward and update of one network on one batch; or forward alone.
struct Step {
  Step(const char* backbone, const std::string& operator_json, const Shape& shape) {
    const Value section = parse_json(kPlain);
    const Value task_section = parse_json(R"({"type":"classification"})"),
                loss_section = parse_json(R"({"type":"cross_entropy","label_smoothing":0.0})");
    const Noise dataset(view(section), shape);
    task = loader().make<Task>(view(task_section));
    criterion = loader().make<Loss>(view(loss_section));
    Value experiment = Value::map();
    experiment.set("backbone", parse_json(backbone));
    experiment.set("operator", parse_json(operator_json));
    Graph backbone = training::backbone_graph(view(experiment), loader(), dataset.info(), *task);
    nn::LayerMakers makers(loader());
    network = std::make_unique<nn::Network>(
        training::start_model(view(experiment), loader(), std::move(backbone), Rng(1)).model, makers);
    parameters = network->parameters();
    const Value optimizer_section =
        parse_json(R"({"type":"sgd","lr":0.01,"momentum":0.9,"dampening":0.0,"nesterov":false})");
    optimizer = loader().make<Optimizer>(view(optimizer_section));
    optimizer->attach(training::parameter_groups(parameters, 1e-4));
    std::vector<int64_t> indices(1000);
    std::iota(indices.begin(), indices.end(), int64_t{0});
    small = dataset.load(Split::train, std::span(indices).first(kBatch), {});
    large = dataset.load(Split::train, indices, {});
    small.input = channels_last(small.input);
    large.input = channels_last(large.input);
  }

  void train(int64_t step) {
    runtime::seed_step(1, step);
    for (nn::NetworkParameter& parameter : parameters) parameter.tensor.mutable_grad().reset();
    const Outputs outputs = network->forward(small.input, {.training = true, .seed = 1, .step = step});
    task->loss(*criterion, outputs, small).backward();
    network->before_step();
    const std::vector<double> lr(3, 0.01);
    optimizer->step(std::span(lr).first(groups()));
  }

  size_t groups() const { return training::parameter_groups(parameters, 0).size(); }

  std::unique_ptr<Task> task;
  std::unique_ptr<Loss> criterion;
  std::unique_ptr<nn::Network> network;
  std::vector<nn::NetworkParameter> parameters;
  std::unique_ptr<Optimizer> optimizer;
  Batch small, large;
};

constexpr const char* kCnn = R"({"type":"simple_cnn","conv1":20,"conv2":50,"hidden":500})";
/// Keys of every operator.
constexpr const char* kWalk =
    R"("layers":null,"overrides":[],"depth":"all","depth_from":"output","linear":{"convert":true,"count":null}})";
const std::string kFloat = std::string(R"({"type":"float",)") + kWalk;

std::string deepshift(const char* method) {
  return std::string(R"({"type":"deepshift","method":")") + method +
         R"(","weight_bits":5,"rounding":"deterministic","stochastic_in_eval":false,"round_bias":true,"round_input":true,)"
         R"("fixed_point":{"integer":16,"fraction":16,"rounding":"floor","signed":true,"clamp":"full"},)"
         R"("init":"converted","deepshift_compat":false,"freeze_sign":false,"range":"fixed",)" +
         kWalk;
}

void training_step(benchmark::State& state, const char* backbone, const std::string& op, const Shape& shape) {
  runtime::set_threads(1);
  Step step(backbone, op, shape);
  int64_t i = 0;
  for (auto _ : state) step.train(i++);
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK_CAPTURE(training_step, simple_cnn_float, kCnn, kFloat, Shape{1, 28, 28})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(training_step, simple_cnn_deepshift_q, kCnn, deepshift("q"), Shape{1, 28, 28})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(training_step, simple_cnn_deepshift_ps, kCnn, deepshift("ps"), Shape{1, 28, 28})
    ->Unit(benchmark::kMillisecond);

void validation(benchmark::State& state, const std::string& op) {
  runtime::set_threads(1);
  Step step(kCnn, op, Shape{1, 28, 28});
  const at::NoGradGuard no_grad;
  for (auto _ : state)
    benchmark::DoNotOptimize(step.network->forward(step.large.input, {.training = false, .seed = 1, .step = 0}));
  state.SetItemsProcessed(state.iterations() * step.large.input.size(0));
}
BENCHMARK_CAPTURE(validation, simple_cnn_float, kFloat)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(validation, simple_cnn_deepshift_q, deepshift("q"))->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
