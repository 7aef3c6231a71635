#pragma once

#include <optional>
#include <string>

#include "dsnn/config_view.h"
#include "dsnn/types.h"

namespace dsnn::training {

/// The numbers one trial trains by, from the resolved experiment and the trial's budget.
struct Options {
  int64_t epochs = 0;         ///< of the lineage when this trial ends
  int64_t full_epochs = 0;    ///< of a full training
  double horizon_epochs = 0;  ///< what the schedule is stretched over
  int64_t batch_size = 128;
  int64_t evaluation_batch_size = 1000;
  int64_t evaluate_every = 1;
  double lr = 0;
  std::optional<double> lr_sign;  ///< of signs, instead of lr
  double weight_decay = 0;
  std::optional<double> gradient_clip;
  std::optional<double> train_fraction;  ///< when it is the budget
  bool test_at_end = false;              ///< a plain training run; a search never touches the test split
  std::optional<int64_t> max_batches;    ///< of every pass; what `run --smoke` asks for
  uint64_t split_seed = 0;               ///< of the study
  int threads = 1;                       ///< 0 = as many as a step is worth
  bool deterministic = false;
  std::string device = "cpu";
};

/// Throws ConfigError for a budget axis this evaluator does not know.
Options read_options(const ConfigView& experiment, const Budget& budget);

}  // namespace dsnn::training
