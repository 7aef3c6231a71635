#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dsnn/dataset.h"
#include "dsnn/evaluator.h"
#include "dsnn/optimizer.h"
#include "dsnn/schedule.h"
#include "dsnn/task.h"
#include "nn/checkpoint.h"
#include "nn/network.h"
#include "training/energy_windows.h"
#include "training/history.h"
#include "training/model.h"
#include "training/options.h"
#include "training/phases.h"

namespace dsnn::training {

/// One trial of the evaluator `train`: continues the newest checkpoint of its lineage, or starts from its seed, and
/// trains to its budget. A trial at budget b is the first b epochs of the one run at the full budget, bit for bit.
class Trial {
 public:
  Trial(const TrialRequest& request, TrialContext& context);

  /// Trains, scores and fills the result; state `waiting` when it was cancelled, `diverged` when the loss is no number.
  Evaluation run();

 private:
  /// Where a run stands between two steps.
  struct Progress {
    int64_t epoch = 0;        ///< finished epochs of the lineage
    int64_t batch = 0;        ///< finished batches of the running epoch; all of them: it lacks its scores only
    int64_t step = 0;         ///< global step of the lineage
    int64_t first_epoch = 0;  ///< finished epochs when this trial began
    int64_t samples = 0;      ///< of the running epoch
    std::map<std::string, double> sums;  ///< of the running epoch: score x samples
    double epoch_seconds = 0;            ///< spent on the running epoch before a restart
    double seconds = 0;                  ///< spent on this trial before a restart
  };
  enum class End { finished, cancelled, diverged };

  /// A checkpoint to go on from.
  struct Resumed {
    nn::Checkpoint checkpoint;
    Progress progress;
    History history;
    std::vector<EnergyReading> readings;
    std::vector<std::string> warnings;
    double lr = 0;
    bool own = false;  ///< of this very trial, not of its parent
  };

  Model fresh_model();
  std::vector<std::string> make_optimizer(const ConfigView& section);
  std::optional<Resumed> find_checkpoint() const;
  std::optional<Resumed> checkpoint_in(const std::filesystem::path& folder, bool own) const;
  static void read_progress(const Value& from, Resumed& out);
  static std::string digest_of(const ConfigView& experiment);
  void adopt(const Resumed& resumed);
  void save();
  void save_inside_epoch();
  Value progress_json() const;

  End train();
  End train_epoch();
  bool train_step(const Batch& batch, int64_t steps_per_epoch);
  void score_step(const Outputs& outputs, const Batch& batch, double loss);
  void clip_gradients();
  bool finish_epoch();
  void log_epoch(const EpochRow& row) const;
  std::optional<std::vector<Metric>> evaluate(Split split);
  Batch load(Split split, std::span<const int64_t> indices, bool training) const;
  std::optional<Metric> broken_metric() const;
  std::string divergence(const std::optional<Metric>& broken) const;
  Evaluation result(End end);
  double elapsed_seconds() const;

  Phases phases_;  // first: its clock starts before anything is built
  const TrialRequest& request_;
  TrialContext& context_;
  ConfigView experiment_;
  std::string experiment_digest_;  ///< of what decides the bits of this training, see digest_of()
  Options options_;
  c10::Device device_;
  std::unique_ptr<Dataset> dataset_;
  std::unique_ptr<Task> task_;
  std::unique_ptr<Loss> criterion_;
  std::unique_ptr<Schedule> schedule_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<Metric> static_metrics_;
  std::string layers_csv_;
  std::vector<std::string> conversion_warnings_;  ///< kept in the checkpoint
  std::vector<std::string> warnings_;
  std::unique_ptr<nn::Network> network_;
  std::vector<nn::NetworkParameter> parameters_;
  std::vector<double> base_lr_, group_lr_;  ///< by parameter group: as configured, and of the running step
  EnergyWindows energy_;

  Progress progress_;
  History history_;
  double last_lr_ = 0;
  double diverged_loss_ = 0;
  int64_t started_ns_ = 0, epoch_started_ns_ = 0;
};

}  // namespace dsnn::training
