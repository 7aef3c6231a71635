#include "training/trial.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <optional>

#include "dsnn/image_layout.h"
#include "dsnn/log.h"
#include "dsnn/rng.h"
#include "runtime/determinism.h"
#include "runtime/device.h"
#include "runtime/seeding.h"
#include "runtime/threads.h"
#include "store/file.h"
#include "training/data.h"
#include "training/parameter_groups.h"

namespace dsnn::training {
namespace {

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Less training than this is done again rather than written to the disk once more in every epoch.
constexpr double kWorthSavingSeconds = 1.0;

double seconds_since(int64_t start_ns) { return static_cast<double>(now_ns() - start_ns) * 1e-9; }

Options prepared_options(const ConfigView& experiment, const Budget& budget) {
  Options options = read_options(experiment, budget);
  runtime::set_threads(std::max(1, options.threads));  // the network, which may want more, is not known yet
  return options;
}

c10::Device prepared_device(const Options& options) {
  const c10::Device device = runtime::select_device(options.device);
  if (options.deterministic && !device.is_cpu()) runtime::make_cuda_deterministic();
  return device;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

std::string scoped(Split split, const std::string& quantity) { return std::string(to_string(split)) + "." + quantity; }

}  // namespace

Trial::Trial(const TrialRequest& request, TrialContext& context)
    : request_(request),
      context_(context),
      experiment_(context.experiment()),
      experiment_digest_(digest_of(experiment_)),
      options_(prepared_options(experiment_, request.budget)),
      device_(prepared_device(options_)),
      dataset_(make_dataset(experiment_, context.factory(), options_)),
      task_(context.factory().make<Task>(experiment_.section("task"))),
      energy_(experiment_, context.factory()) {
  const ConfigView training = experiment_.section("training");
  const ComponentFactory& factory = context.factory();
  criterion_ = factory.make<Loss>(training.section("loss"));
  schedule_ = factory.make<Schedule>(training.section("schedule"));
  nn::LayerMakers makers(factory);
  std::optional<Resumed> resumed = find_checkpoint();
  Model model = resumed ? std::move(resumed->checkpoint.model) : fresh_model();
  const std::optional<Cost> cost = inference_cost(experiment_, factory, model.graph);
  static_metrics_ = static_metrics(model.graph, cost);
  if (options_.threads == 0) {
    const Metric* found = find_metric(static_metrics_, "model.macs");
    const double macs = found != nullptr ? found->value : 0;
    runtime::set_threads(runtime::threads_worth(macs * static_cast<double>(options_.batch_size)));
  }
  layers_csv_ = layers_csv(model.graph, cost);
  network_ = std::make_unique<nn::Network>(std::move(model), makers);
  if (!device_.is_cpu()) network_->to_device(device_);
  parameters_ = network_->parameters();
  const std::vector<std::string> notes = make_optimizer(training.section("optimizer"));
  if (resumed) adopt(*resumed);
  warnings_ = conversion_warnings_;
  warnings_.insert(warnings_.end(), notes.begin(), notes.end());
}

/// The network that this training starts with, from its seed.
Model Trial::fresh_model() {
  const ComponentFactory& factory = context_.factory();
  nn::ConvertedModel made =
      start_model(experiment_, factory, backbone_graph(experiment_, factory, dataset_->info(), *task_),
                  Rng(request_.seed).fork("network"));
  conversion_warnings_ = std::move(made.warnings);
  return std::move(made.model);
}

std::vector<std::string> Trial::make_optimizer(const ConfigView& section) {
  optimizer_ = context_.factory().make<Optimizer>(section);
  std::vector<ParameterGroup> groups = parameter_groups(parameters_, options_.weight_decay);
  for (const ParameterGroup& group : groups)
    base_lr_.push_back(group.role == Role::sign ? options_.lr_sign.value_or(options_.lr) : options_.lr);
  group_lr_ = base_lr_;
  return optimizer_->attach(std::move(groups));
}

double Trial::elapsed_seconds() const { return progress_.seconds + seconds_since(started_ns_); }

Batch Trial::load(Split split, std::span<const int64_t> indices, bool training) const {
  Batch batch = dataset_->load(split, indices, {.seed = request_.seed, .epoch = progress_.epoch, .training = training});
  batch.input = channels_last(batch.input);
  if (device_.is_cpu()) return batch;
  return {.input = batch.input.to(device_), .target = batch.target.to(device_)};
}

/// Everything of the running epoch, so that the next batch, or the missing scores, come next.
void Trial::save_inside_epoch() {
  progress_.epoch_seconds += seconds_since(epoch_started_ns_);
  epoch_started_ns_ = now_ns();
  save();
}

Evaluation Trial::run() {
  started_ns_ = now_ns();
  const End end = train();
  return result(end);
}

Trial::End Trial::train() {
  if (options_.epochs == 0 && history_.empty()) {
    epoch_started_ns_ = now_ns();
    if (!finish_epoch()) return End::cancelled;
  }
  while (progress_.epoch < options_.epochs) {
    const End end = train_epoch();
    if (end != End::finished) return end;
  }
  return End::finished;
}

Trial::End Trial::train_epoch() {
  const int64_t samples = dataset_->size(Split::train);
  std::vector<int64_t> order(static_cast<size_t>(samples));
  std::iota(order.begin(), order.end(), int64_t{0});
  Rng rng = Rng(request_.seed).fork("order", static_cast<uint64_t>(progress_.epoch));
  rng.shuffle(order);
  // A last batch of one sample has no batch statistics; it is left out unless it is all there is.
  const int64_t all_steps =
      std::max<int64_t>(1, samples / options_.batch_size + (samples % options_.batch_size > 1 ? 1 : 0));
  const int64_t steps = std::min(all_steps, options_.max_batches.value_or(all_steps));
  epoch_started_ns_ = now_ns();
  energy_.open();
  while (progress_.batch < steps) {
    context_.beat();
    if (context_.cancelled()) {
      energy_.close("training");
      save_inside_epoch();
      return End::cancelled;
    }
    const int64_t begin = progress_.batch * options_.batch_size;
    const int64_t count = std::min(options_.batch_size, samples - begin);
    phases_.enter(Phases::Phase::data);
    const Batch batch =
        load(Split::train, std::span(order).subspan(static_cast<size_t>(begin), static_cast<size_t>(count)), true);
    if (!train_step(batch, steps)) {
      energy_.close("training");
      return End::diverged;
    }
  }
  energy_.close("training");
  if (seconds_since(epoch_started_ns_) > kWorthSavingSeconds) save_inside_epoch();  // validation may take long
  ++progress_.epoch;
  if (finish_epoch()) return End::finished;
  --progress_.epoch;
  save_inside_epoch();
  return End::cancelled;
}

bool Trial::train_step(const Batch& batch, int64_t steps_per_epoch) {
  phases_.enter(Phases::Phase::forward);
  runtime::seed_step(request_.seed, progress_.step, device_);
  for (nn::NetworkParameter& parameter : parameters_) parameter.tensor.mutable_grad().reset();
  const Outputs outputs =
      network_->forward(batch.input, {.training = true, .seed = request_.seed, .step = progress_.step});
  at::Tensor loss = task_->loss(*criterion_, outputs, batch);
  const double value = loss.item<double>();
  if (!std::isfinite(value)) {
    diverged_loss_ = value;
    return false;
  }
  if (options_.weight_decay > 0) {
    if (const at::Tensor penalty = network_->penalty(options_.weight_decay); penalty.defined())
      loss = loss.add(penalty);
  }
  phases_.enter(Phases::Phase::backward);
  loss.backward();
  phases_.enter(Phases::Phase::optimizer);
  network_->before_step();
  clip_gradients();
  const double position = static_cast<double>(progress_.epoch) +
                          static_cast<double>(progress_.batch) / static_cast<double>(steps_per_epoch);
  const double factor = schedule_->factor(position, options_.horizon_epochs);
  last_lr_ = options_.lr * factor;
  for (size_t i = 0; i < base_lr_.size(); ++i) group_lr_[i] = base_lr_[i] * factor;
  optimizer_->step(group_lr_);
  phases_.enter(Phases::Phase::forward);
  score_step(outputs, batch, value);
  ++progress_.step;
  ++progress_.batch;
  return true;
}

void Trial::score_step(const Outputs& outputs, const Batch& batch, double loss) {
  const std::unique_ptr<Scores> scores = task_->start(Split::train);
  scores->add(outputs, batch);
  const int64_t count = batch.input.size(0);
  for (const Metric& metric : scores->finish()) {
    progress_.sums[metric.name] += (metric.name == "loss" ? loss : metric.value) * static_cast<double>(count);
  }
  progress_.samples += count;
}

void Trial::clip_gradients() {
  if (!options_.gradient_clip) return;
  const at::NoGradGuard no_grad;
  double squares = 0;
  for (const nn::NetworkParameter& parameter : parameters_) {
    if (const at::Tensor& grad = parameter.tensor.grad(); grad.defined())
      squares += std::pow(grad.norm().item<double>(), 2);
  }
  const double norm = std::sqrt(squares);
  if (!(norm > *options_.gradient_clip)) return;
  for (nn::NetworkParameter& parameter : parameters_) {
    if (at::Tensor& grad = parameter.tensor.mutable_grad(); grad.defined()) grad.mul_(*options_.gradient_clip / norm);
  }
}

/// Scores the epoch, saves it, and only then tells of it; false when it was cancelled before it had its scores.
bool Trial::finish_epoch() {
  EpochRow row{.epoch = progress_.epoch, .metrics = {}, .seconds = 0, .lr = last_lr_};
  for (const auto& [name, sum] : progress_.sums)
    row.metrics.push_back({scoped(Split::train, name), sum / static_cast<double>(progress_.samples)});
  const bool last = progress_.epoch >= options_.epochs;
  if (dataset_->size(Split::validation) > 0 && (last || progress_.epoch % options_.evaluate_every == 0)) {
    energy_.open();
    std::optional<std::vector<Metric>> scores = evaluate(Split::validation);
    energy_.close("validation");
    if (!scores) return false;
    for (Metric& metric : *scores) row.metrics.push_back(std::move(metric));
  }
  row.seconds = progress_.epoch_seconds + seconds_since(epoch_started_ns_);
  log_epoch(row);
  history_.append(row);
  progress_.batch = progress_.samples = 0;
  progress_.sums.clear();
  progress_.epoch_seconds = 0;
  save();
  context_.report(row.epoch, row.metrics);
  return true;
}

void Trial::log_epoch(const EpochRow& row) const {
  std::string line = "epoch " + std::to_string(row.epoch) + " of " + std::to_string(options_.epochs) + ":";
  std::vector<Metric> metrics = row.metrics;
  for (const Metric& metric : network_->diagnostics()) metrics.push_back(metric);
  for (const Metric& metric : metrics) {
    char text[96];
    std::snprintf(text, sizeof text, " %s %.4g", metric.name.c_str(), metric.value);
    line += text;
  }
  log(LogLevel::info, line);
}

/// Nothing when it was cancelled on the way.
std::optional<std::vector<Metric>> Trial::evaluate(Split split) {
  phases_.enter(Phases::Phase::validation);
  const at::NoGradGuard no_grad;
  const int64_t all_samples = dataset_->size(split);
  const int64_t samples = options_.max_batches
                              ? std::min(all_samples, *options_.max_batches * options_.evaluation_batch_size)
                              : all_samples;
  const std::unique_ptr<Scores> scores = task_->start(split);
  std::vector<int64_t> indices;
  for (int64_t begin = 0; begin < samples; begin += options_.evaluation_batch_size) {
    context_.beat();
    if (context_.cancelled()) return std::nullopt;
    indices.resize(static_cast<size_t>(std::min(options_.evaluation_batch_size, samples - begin)));
    std::iota(indices.begin(), indices.end(), begin);
    const Batch batch = load(split, indices, false);
    scores->add(network_->forward(batch.input, {.training = false, .seed = request_.seed, .step = progress_.step}),
                batch);
  }
  std::vector<Metric> metrics = scores->finish();
  for (Metric& metric : metrics) metric.name = scoped(split, metric.name);
  return metrics;
}

/// The first value of the last epoch that is no number: weights can become NaN after the last loss was looked at.
std::optional<Metric> Trial::broken_metric() const {
  if (history_.empty()) return std::nullopt;
  for (const Metric& metric : history_.rows().back().metrics) {
    if (!std::isfinite(metric.value)) return metric;
  }
  return std::nullopt;
}

std::string Trial::divergence(const std::optional<Metric>& broken) const {
  const std::string advice = "; a lower training.optimizer.lr usually helps";
  if (broken)
    return broken->name + " became " + to_text(Value(broken->value)) + " in epoch " + std::to_string(progress_.epoch) +
           advice;
  return "the training loss became " + to_text(Value(diverged_loss_)) + " in epoch " +
         std::to_string(progress_.epoch + 1) + " at step " + std::to_string(progress_.step) + advice;
}

Evaluation Trial::result(End end) {
  const std::optional<Metric> broken = end == End::finished ? broken_metric() : std::nullopt;
  if (broken) end = End::diverged;
  Evaluation evaluation;
  evaluation.request = request_;
  evaluation.metrics = static_metrics_;
  store::write_file_atomically(context_.trial_folder() / "layers.csv", layers_csv_);
  if (end == End::finished && !history_.empty()) {
    for (const Metric& metric : history_.rows().back().metrics) evaluation.metrics.push_back(metric);
    if (options_.test_at_end) {
      const std::optional<std::vector<Metric>> scores = evaluate(Split::test);
      if (!scores) end = End::cancelled;
      if (scores) evaluation.metrics.insert(evaluation.metrics.end(), scores->begin(), scores->end());
    }
  }
  if (end == End::diverged) {
    evaluation.state = TrialState::diverged;
    evaluation.message = divergence(broken);
    for (const char* name : {"train.loss", "validation.loss", "validation.error"}) {
      evaluation.metrics.push_back({name, std::numeric_limits<double>::quiet_NaN()});
    }
  }
  if (end == End::finished) evaluation.message = joined(warnings_);
  if (end == End::cancelled) evaluation.state = TrialState::waiting;
  evaluation.seconds = elapsed_seconds();
  evaluation.metrics.push_back({"step.seconds", evaluation.seconds});
  for (Metric& metric : phases_.metrics()) evaluation.metrics.push_back(std::move(metric));
  evaluation.readings = energy_.readings();
  for (const auto& [part, sha256] : dataset_->checksums())
    evaluation.data[experiment_.section("dataset").type() + " " + part] = sha256;
  const double full = static_cast<double>(std::max<int64_t>(1, options_.full_epochs));
  evaluation.resource_spent =
      (static_cast<double>(progress_.epoch - progress_.first_epoch)) / full * options_.train_fraction.value_or(1.0);
  if (end != End::diverged)
    evaluation.checkpoint = context_.trial_folder().lexically_relative(context_.run_folder()).generic_string();
  return evaluation;
}

}  // namespace dsnn::training
