#include "training/experiment_check.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <numeric>

#include "dsnn/meter.h"
#include "dsnn/optimizer.h"
#include "dsnn/schedule.h"
#include "dsnn/task.h"
#include "runtime/device.h"
#include "training/data.h"
#include "training/model.h"

namespace dsnn::training {
namespace {

/// The first batch normalisation that sees one value per channel and sample, "" = none.
std::string norm_over_one_value(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.layer < 0 || node.output.empty()) continue;
    const LayerSpec& layer = graph.layers[static_cast<size_t>(node.layer)];
    const int64_t values = std::accumulate(node.output.begin() + 1, node.output.end(), int64_t{1}, std::multiplies<>());
    if (layer.type == "batch_norm" && values == 1) return layer.name;
  }
  return "";
}

/// Makes everything a trial makes, short of weights and samples, and keeps going after a refusal.
class ExperimentCheck {
 public:
  ExperimentCheck(const ConfigView& experiment, const ComponentFactory& factory)
      : experiment_(experiment), training_(experiment.section("training")), factory_(factory) {}

  Findings run(const Budget& smallest) {
    attempt([&] { options_ = read_options(experiment_, {}); });
    attempt([&] { runtime::select_device(options_.device); });
    attempt([&] { factory_.make<Loss>(training_.section("loss")); });
    attempt([&] { factory_.make<Schedule>(training_.section("schedule")); });
    attempt([&] { factory_.make<Optimizer>(training_.section("optimizer")); });
    attempt([&] { make_meters(); });
    attempt([&] { check_training_metrics(); });
    attempt([&] { task_ = factory_.make<Task>(experiment_.section("task")); });
    attempt([&] { dataset_ = make_dataset(experiment_, factory_, options_); });
    if (task_ && dataset_) attempt([&] { check_model(); });
    if (dataset_ && attempt([&] { check_parts(); })) attempt([&] { check_smallest(smallest); });
    return std::move(findings_);
  }

 private:
  template <class Action>
  bool attempt(const Action& action) {
    try {
      action();
      return true;
    } catch (const ConfigError& e) {
      findings_.errors.insert(findings_.errors.end(), e.diagnostics().begin(), e.diagnostics().end());
      return false;
    }
  }

  void make_meters() const {
    if (!experiment_.has("meters") || !experiment_.section("meters").has("use")) return;
    for (const ConfigView& meter : experiment_.section("meters").sections("use")) factory_.make<Meter>(meter);
  }

  void check_model() {
    const Graph backbone = backbone_graph(experiment_, factory_, dataset_->info(), *task_);
    const nn::ConvertedGraph made = converted_graph(experiment_, factory_, backbone);
    inference_cost(experiment_, factory_, made.graph);
    narrow_norm_ = norm_over_one_value(made.graph);
  }

  /// The first objective or constraint on a metric of this scope, "" = none.
  std::string wanted_metric(std::string_view scope) const {
    for (const char* list : {"objectives", "constraints"}) {
      if (!experiment_.has(list)) continue;
      for (const ConfigView& target : experiment_.sections(list)) {
        if (target.string("metric").starts_with(scope)) return target.string("metric");
      }
    }
    return "";
  }

  void check_training_metrics() const {
    const std::string metric = wanted_metric("train.");
    if (options_.full_epochs > 0 || metric.empty()) return;
    training_.error("epochs", "'" + metric + "' is never measured: with 0 epochs nothing is trained",
                    "train at least one epoch, or look at a validation metric");
  }

  void check_parts() {
    const PartSizes sizes = part_sizes(*dataset_, options_);
    findings_.notes.push_back(to_string(sizes));
    const ConfigView section = experiment_.section("dataset");
    if (options_.full_epochs > 0) check_training_part(sizes, section, "train_fraction");
    if (const std::string metric = wanted_metric("validation."); sizes.validation == 0 && !metric.empty()) {
      section.error("validation_fraction",
                    "'" + metric + "' needs a validation part, but " + share(section, "validation_fraction") + " of " +
                        std::to_string(sizes.train) + " images is none (" + to_string(sizes) + ")",
                    "raise it");
    }
    if (options_.test_at_end && sizes.test == 0)
      section.error("", "the test files hold no image (" + to_string(sizes) + ")");
    if (options_.full_epochs > 0) check_norm(sizes.train, training_, "batch_size");
  }

  void check_smallest(const Budget& smallest) {
    const Options least = read_options(experiment_, smallest);
    if (!least.train_fraction || least.full_epochs == 0) return;
    const PartSizes sizes = part_sizes(*make_dataset(experiment_, factory_, least), least);
    const ConfigView fidelity = experiment_.section("fidelity");
    check_training_part(sizes, fidelity, "min");
    check_norm(sizes.train, fidelity, "min");
  }

  /// `key` of `section` is what the training part is a share by.
  void check_training_part(const PartSizes& sizes, const ConfigView& section, const char* key) const {
    if (sizes.train > 0) return;
    Options everything = options_;
    everything.train_fraction = 1.0;
    const int64_t rest = make_dataset(experiment_, factory_, everything)->size(Split::train);
    const std::string parts = " (" + to_string(sizes) + ")";
    if (rest == 0) {
      const ConfigView dataset = experiment_.section("dataset");
      dataset.error("validation_fraction",
                    "no image is left to train on: " + share(dataset, "validation_fraction") + " takes all " +
                        std::to_string(sizes.validation) + parts,
                    "lower it");
    }
    section.error(key,
                  "no image is left to train on: " + share(section, key) + " of " + std::to_string(rest) +
                      " images is none" + parts,
                  "raise it");
  }

  static std::string share(const ConfigView& section, const char* key) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.10g", section.number(key));
    return section.path() + "." + key + " " + digits;
  }

  /// A batch of one sample has no variance where a layer sees one value per channel.
  void check_norm(int64_t samples, const ConfigView& section, const char* key) const {
    if (narrow_norm_.empty() || std::min(samples, options_.batch_size) != 1) return;
    section.error(key,
                  "the layer '" + narrow_norm_ + "' normalises over one value when a batch is one sample (" +
                      std::to_string(samples) + " training images, batch_size " + std::to_string(options_.batch_size) +
                      ")",
                  "it needs batches of at least 2");
  }

  ConfigView experiment_, training_;
  const ComponentFactory& factory_;
  Options options_;
  std::unique_ptr<Task> task_;
  std::unique_ptr<Dataset> dataset_;
  std::string narrow_norm_;
  Findings findings_;
};

}  // namespace

Findings check_experiment(const ConfigView& experiment, const Budget& smallest, const ComponentFactory& factory) {
  return ExperimentCheck(experiment, factory).run(smallest);
}

}  // namespace dsnn::training
