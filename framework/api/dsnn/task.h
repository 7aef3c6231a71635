#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dsnn/dataset.h"
#include "dsnn/graph.h"
#include "dsnn/kind.h"

namespace dsnn {

using Outputs = std::map<std::string, at::Tensor>;

/// The training criterion: `training.loss`.
class Loss {
 public:
  using Interface = Loss;
  static constexpr Kind kKind = Kind::loss;
  static constexpr bool kNeedsTorch = true;
  virtual ~Loss();
  /// Mean over the batch. `ignore` marks targets that do not count (-1 = none).
  virtual at::Tensor operator()(const at::Tensor& logits, const at::Tensor& target, int64_t ignore) const = 0;
};

/// Accumulates quality over the batches of one pass.
class Scores {
 public:
  virtual ~Scores();
  virtual void add(const Outputs& outputs, const Batch& batch) = 0;
  virtual void merge(const Scores& other) = 0;  ///< of another rank, same task
  /// Quantities without scope: loss, error, top1, top5 (fractions of 1).
  virtual std::vector<Metric> finish() const = 0;
};

/// What is learnt: turns a backbone into a trainable network and scores it.
class Task {
 public:
  using Interface = Task;
  static constexpr Kind kKind = Kind::task;
  static constexpr bool kNeedsTorch = true;
  virtual ~Task();
  virtual Graph attach_head(Graph backbone, const DatasetInfo& info) const = 0;
  virtual at::Tensor loss(const Loss& criterion, const Outputs& outputs, const Batch& batch) const = 0;
  virtual std::unique_ptr<Scores> start(Split split) const = 0;
};

}  // namespace dsnn
