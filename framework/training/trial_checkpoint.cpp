// How a trial is stored and found again.
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "dsnn/checked_json.h"
#include "dsnn/error.h"
#include "dsnn/log.h"
#include "store/file.h"
#include "store/readings.h"
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
  for (const auto& [name, sum] : progress_.sums) sums.set(name, sum);
  Value readings = Value::list();
  for (const EnergyReading& reading : energy_.readings()) readings.push_back(store::to_value(reading));
  Value warnings = Value::list();
  for (const std::string& warning : conversion_warnings_) warnings.push_back(warning);
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
  json.set("warnings", std::move(warnings));
  return json;
}

void Trial::save() {
  phases_.enter(Phases::Phase::checkpoint);
  nn::save_checkpoint(
      context_.trial_folder(),
      {.model = network_->model(), .optimizer = on_cpu(optimizer_->state()), .progress = progress_json()});
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
std::optional<Trial::Resumed> Trial::checkpoint_in(const std::filesystem::path& folder, bool own) const {
  Resumed out{.checkpoint = {}, .progress = {}, .history = {}, .readings = {}, .warnings = {}, .lr = 0, .own = own};
  bool same = false;
  try {
    // What cannot be read is damage: the generation before is tried.
    std::optional<nn::Checkpoint> found = nn::load_checkpoint(folder, [&](const nn::Checkpoint& checkpoint) {
      const Value& from = checkpoint.progress;
      same = checked::integer(from, "seed") == seed_as_json(request_.seed) &&
             checked::text(from, "experiment") == experiment_digest_;
      read_progress(from, out);
    });
    if (!found) return std::nullopt;
    out.checkpoint = std::move(*found);
  } catch (const ConfigError& e) {
    log(LogLevel::warning, std::string(e.what()) + "; it is not used");
    return std::nullopt;
  }
  if (same) return out;
  log(LogLevel::warning, "the checkpoint in " + folder.string() + " belongs to another training; it is not used");
  return std::nullopt;
}

/// A trial goes on from its own checkpoint; else from its parent's, which has spent nothing of this trial yet.
void Trial::read_progress(const Value& from, Resumed& out) {
  Progress& progress = out.progress;
  progress = {};
  progress.epoch = progress.first_epoch = checked::integer(from, "epoch");
  progress.step = checked::integer(from, "step");
  progress.batch = checked::integer(from, "batch");
  progress.samples = checked::integer(from, "samples");
  progress.epoch_seconds = checked::number(from, "epoch_seconds");
  for (const auto& [name, sum] : checked::map(from, "sums").members())
    progress.sums[name] = checked::number_or_word(sum, name);
  out.lr = checked::number(from, "lr");
  out.history = History::from_json(checked::list(from, "history"));
  out.warnings.clear();
  if (from.find("warnings") != nullptr) {
    for (const Value& warning : checked::list(from, "warnings")) out.warnings.push_back(to_text(warning));
  }
  if (!out.own) return;
  progress.first_epoch = checked::integer(from, "first_epoch");
  progress.seconds = checked::number(from, "seconds");
  out.readings.clear();
  if (from.find("readings") != nullptr) {
    for (const Value& reading : checked::list(from, "readings")) {
      out.readings.push_back(store::reading_from(reading));
    }
  }
}

std::optional<Trial::Resumed> Trial::find_checkpoint() const {
  if (auto own = checkpoint_in(context_.trial_folder(), true)) return own;
  if (!request_.start_from || options_.train_fraction) {
    return std::nullopt;  // another sample has no common prefix to continue
  }
  const std::filesystem::path folder = context_.run_folder() / *request_.start_from;
  auto parent = checkpoint_in(folder, false);
  if (!parent) log(LogLevel::warning, "there is no checkpoint to go on from in " + folder.string());
  return parent;
}

void Trial::adopt(const Resumed& resumed) {
  const at::NoGradGuard no_grad;
  optimizer_->load(resumed.checkpoint.optimizer);
  progress_ = resumed.progress;
  history_ = resumed.history;
  last_lr_ = resumed.lr;
  conversion_warnings_ = resumed.warnings;
  if (!resumed.own) return;
  energy_.continue_from(resumed.readings);
  for (const EpochRow& row : history_.rows()) {
    if (row.epoch > progress_.first_epoch)
      context_.report(row.epoch, row.metrics);  // the worker that measured it may have died unheard
  }
}

}  // namespace dsnn::training
