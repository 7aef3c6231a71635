#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dsnn/types.h"
#include "dsnn/value.h"

namespace dsnn::training {

/// What one finished epoch of a lineage measured. Epochs count from 1; row 0 = an evaluation without training.
struct EpochRow {
  int64_t epoch = 0;
  std::vector<Metric> metrics;  ///< train.*, validation.*
  double seconds = 0;           ///< training and validation of this epoch
  double lr = 0;                ///< of its last step
};

/// The learning curve of a lineage, earlier budgets included.
class History {
 public:
  void append(EpochRow row) { rows_.push_back(std::move(row)); }
  const std::vector<EpochRow>& rows() const { return rows_; }
  bool empty() const { return rows_.empty(); }

  /// The bytes of metrics.csv: epoch, train_loss, train_top1, train_top5, val_loss, val_top1, val_top5, seconds,
  /// cumulative_seconds, lr; 17 digits, empty = not measured.
  std::string csv() const;
  Value to_json() const;
  /// Of the items of to_json(). Throws std::invalid_argument.
  static History from_json(const Value::List& rows);

 private:
  std::vector<EpochRow> rows_;
};

}  // namespace dsnn::training
