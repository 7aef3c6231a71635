// How a trial is stored and found again.
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "dsnn/error.h"
#include "dsnn/log.h"
#include "execution/messages.h"
#include "store/file.h"
#include "training/trial.h"

namespace dsnn::training {
namespace {

/// Seeds fill 64 bits, JSON integers are signed.
int64_t seed_as_json(uint64_t seed) { return static_cast<int64_t>(seed); }

Tensors on_cpu(Tensors tensors) {
  for (auto& [name, tensor] : tensors) tensor = tensor.detach().to(at::kCPU);
  return tensors;
}

}  // namespace

Value Trial::progress_json() const {
  Value sums = Value::map();
  for (const auto& [name, sum] : progress_.sums) sums.set(name, number_to_json(sum));
  Value readings = Value::list();
  for (const EnergyReading& reading : energy_.readings()) readings.push_back(execution::to_value(reading));
  Value json = Value::map();
  json.set("seed", seed_as_json(request_.seed));
  json.set("experiment", experiment_digest_);
  json.set("epoch", progress_.epoch);
  json.set("batch", progress_.batch);
  json.set("step", progress_.step);
  json.set("first_epoch", progress_.first_epoch);
  json.set("samples", progress_.samples);
  json.set("sums", std::move(sums));
  json.set("epoch_seconds", progress_.epoch_seconds);
  json.set("seconds", elapsed_seconds());
  json.set("readings", std::move(readings));
  json.set("lr", last_lr_);
  json.set("history", history_.to_json());
  return json;
}

void Trial::save() {
  phases_.enter(Phases::Phase::checkpoint);
  Tensors model;
  for (const NamedTensor& entry : network_->state()) model[entry.name] = entry.tensor;
  nn::save_checkpoint(context_.trial_folder(), {.graph = network_->graph(),
                                                .model = on_cpu(std::move(model)),
                                                .optimizer = on_cpu(optimizer_->state()),
                                                .progress = progress_json()});
  store::write_file_atomically(context_.trial_folder() / "metrics.csv", history_.csv());
}

/// Everything that decides the bits of a training but its seed and budget.
std::string Trial::digest_of(const ConfigView& experiment) {
  Value parts = Value::map();
  for (const char* key : {"task", "dataset", "backbone", "operator", "training", "smoke"}) {
    if (const Value* found = experiment.value().find(key)) parts.set(key, *found);
  }
  if (Value* dataset = parts.find("dataset")) dataset->erase("root");
  return store::sha256_hex(to_canonical_json(parts));
}

/// The newest checkpoint in a folder if it is intact and one of this very training; else a warning and nothing.
std::optional<nn::Checkpoint> Trial::checkpoint_in(const std::filesystem::path& folder) const {
  std::optional<nn::Checkpoint> found;
  try {
    found = nn::load_checkpoint(folder);
  } catch (const ConfigError& e) {
    log(LogLevel::warning, std::string(e.what()) + "; it is not used");
    return std::nullopt;
  }
  if (!found) return std::nullopt;
  const Value* experiment = found->progress.find("experiment");
  const bool same = found->progress.at("seed").integer() == seed_as_json(request_.seed) && experiment != nullptr &&
                    *experiment == Value(experiment_digest_);
  if (same) return found;
  log(LogLevel::warning, "the checkpoint in " + folder.string() + " belongs to another training; it is not used");
  return std::nullopt;
}

void Trial::restore() {
  if (const auto own = checkpoint_in(context_.trial_folder())) return adopt(*own, true);
  if (!request_.start_from || options_.train_fraction) return;  // another sample has no common prefix to continue
  const std::filesystem::path folder = context_.run_folder() / *request_.start_from;
  if (const auto parent = checkpoint_in(folder)) return adopt(*parent, false);
  log(LogLevel::warning, "there is no checkpoint to go on from in " + folder.string());
}

void Trial::adopt(const nn::Checkpoint& checkpoint, bool own) {
  const at::NoGradGuard no_grad;
  network_->load(checkpoint.model);
  optimizer_->load(checkpoint.optimizer);
  const Value& from = checkpoint.progress;
  progress_.epoch = from.at("epoch").integer();
  progress_.step = from.at("step").integer();
  last_lr_ = from.at("lr").number();
  history_ = History::from_json(from.at("history"));
  progress_.first_epoch = progress_.epoch;
  progress_.batch = from.at("batch").integer();
  progress_.samples = from.at("samples").integer();
  progress_.epoch_seconds = from.at("epoch_seconds").number();
  for (const auto& [name, sum] : from.at("sums").members()) progress_.sums[name] = number_from_json(sum);
  if (!own) return;
  progress_.first_epoch = from.at("first_epoch").integer();
  progress_.seconds = from.at("seconds").number();
  std::vector<EnergyReading> readings;
  if (const Value* saved = from.find("readings")) {
    for (const Value& reading : saved->items()) readings.push_back(execution::reading_from(reading));
  }
  energy_.continue_from(std::move(readings));
  for (const EpochRow& row : history_.rows()) {
    if (row.epoch > progress_.first_epoch)
      context_.report(row.epoch, row.metrics);  // the worker that measured it may have died unheard
  }
}

}  // namespace dsnn::training
