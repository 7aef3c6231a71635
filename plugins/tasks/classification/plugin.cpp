#include <ATen/Functions.h>

#include <cmath>
#include <limits>

#include "dsnn/plugin.h"
#include "dsnn/task.h"

namespace {

/// -log softmax of the target's logit, and the target's place among the logits (0 = highest; a tie counts against it).
struct RowScore {
  double loss = 0;
  int64_t place = 0;
};

template <class T>
RowScore score_row(const T* logits, int64_t classes, int64_t target) {
  const T own = logits[target];
  T highest = own;
  RowScore row;
  for (int64_t c = 0; c < classes; ++c) {
    if (c != target && !(logits[c] < own)) ++row.place;
    highest = std::max(highest, logits[c]);
  }
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(logits[c]) - static_cast<double>(highest));
  row.loss = std::log(sum) - (static_cast<double>(own) - static_cast<double>(highest));
  return row;
}

class ClassificationScores : public dsnn::Scores {
 public:
  void add(const dsnn::Outputs& outputs, const dsnn::Batch& batch) override {
    const at::Tensor logits = outputs.at("logits").detach().to(at::kCPU).contiguous();
    const at::Tensor target = batch.target.to(at::kCPU).contiguous();
    if (logits.scalar_type() == at::kDouble) return add_rows(logits.const_data_ptr<double>(), logits.size(1), target);
    const at::Tensor single = logits.to(at::kFloat);
    add_rows(single.const_data_ptr<float>(), single.size(1), target);
  }

  void merge(const dsnn::Scores& other) override {
    const auto& from = static_cast<const ClassificationScores&>(other);
    loss_ += from.loss_, top1_ += from.top1_, top5_ += from.top5_, count_ += from.count_;
  }

  std::vector<dsnn::Metric> finish() const override {
    if (count_ == 0) return {};
    const auto n = static_cast<double>(count_);
    return {{"loss", loss_ / n},
            {"error", static_cast<double>(count_ - top1_) / n},
            {"top1", static_cast<double>(top1_) / n},
            {"top5", static_cast<double>(top5_) / n}};
  }

 private:
  template <class T>
  void add_rows(const T* logits, int64_t classes, const at::Tensor& target) {
    const int64_t* wanted = target.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < target.numel(); ++i) {
      const RowScore row = score_row(logits + i * classes, classes, wanted[i]);
      loss_ += row.loss;
      top1_ += row.place < 1 ? 1 : 0;
      top5_ += row.place < 5 ? 1 : 0;
    }
    count_ += target.numel();
  }

  double loss_ = 0;
  int64_t top1_ = 0, top5_ = 0, count_ = 0;
};

/// One label per image. The backbone's output "logits" is the head.
class Classification : public dsnn::Task {
 public:
  dsnn::Graph attach_head(dsnn::Graph backbone, const dsnn::DatasetInfo&) const override {
    if (backbone.output("logits") == nullptr)
      throw std::invalid_argument("the backbone has no output 'logits', which classification needs");
    return backbone;
  }

  at::Tensor loss(const dsnn::Loss& criterion, const dsnn::Outputs& outputs, const dsnn::Batch& batch) const override {
    return criterion(outputs.at("logits"), batch.target, -1);
  }

  std::unique_ptr<dsnn::Scores> start(dsnn::Split) const override { return std::make_unique<ClassificationScores>(); }
};

class CrossEntropy : public dsnn::Loss {
 public:
  explicit CrossEntropy(const dsnn::ConfigView& section) : label_smoothing_(section.number("label_smoothing")) {}

  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& target, int64_t ignore) const override {
    constexpr int64_t kNone = -100;
    return at::cross_entropy_loss(logits, target, {}, at::Reduction::Mean, ignore < 0 ? kNone : ignore,
                                  label_smoothing_);
  }

 private:
  double label_smoothing_;
};

constexpr auto kClassification =
    dsnn::schema("classification", "One label per sample; scores loss, error, top1 and top5")
        .metric({.name = "loss", .better = "lower"})
        .metric({.name = "error", .better = "lower"})
        .metric({.name = "top1", .better = "higher"})
        .metric({.name = "top5", .better = "higher"});

constexpr auto kCrossEntropy =
    dsnn::schema("cross_entropy", "Cross-entropy of the softmax, with label smoothing")
        .number("label_smoothing", {.value = 0.0,
                                    .min = 0.0,
                                    .max_exclusive = 1.0,
                                    .doc = "Share of the target that is spread over all classes"});

constexpr dsnn::ComponentOptions kDefault{.default_for_kind = true};

}  // namespace

DSNN_PLUGIN("classification", "0.3.0", "Apache-2.0", dsnn::component<Classification>(kClassification, kDefault),
            dsnn::component<CrossEntropy>(kCrossEntropy, kDefault));
