#include <cmath>

#include "dsnn/elementwise_optimizer.h"
#include "dsnn/plugin.h"

namespace {

/// The rectified step of RAdam (Liu et al. 2020) with decoupled weight decay. While the variance of the adaptive rate
/// is unbounded (few steps), it is a plain momentum step.
class RectifiedAdam {
 public:
  struct Coefficients {
    double keep, beta1, beta2, step_size, eps, alpha;
    bool rectified, synchronise;
  };

  explicit RectifiedAdam(const dsnn::ConfigView& section)
      : betas_(section.numbers("betas")), eps_(section.number("eps")) {}

  /// Length of the approximated simple moving average after `step` steps.
  double average_length(int64_t step) const {
    const double decay = std::pow(betas_[1], static_cast<double>(step));
    return longest() - 2 * static_cast<double>(step) * decay / (1 - decay);
  }

  Coefficients at(int64_t step, double lr, double weight_decay, bool rectified) const {
    const double t = static_cast<double>(step);
    const double n = average_length(step), n_max = longest();
    double step_size = lr / (1 - std::pow(betas_[0], t));
    if (rectified) {
      step_size *= std::sqrt((1 - std::pow(betas_[1], t)) * (n - 4) / (n_max - 4) * (n - 2) / n * n_max / (n_max - 2));
    }
    return {.keep = 1 - weight_decay * lr,
            .beta1 = betas_[0],
            .beta2 = betas_[1],
            .step_size = step_size,
            .eps = eps_,
            .alpha = 0,
            .rectified = rectified,
            .synchronise = false};
  }

  template <class T, size_t N>
  static void update(const Coefficients& c, T& p, const T& g, std::array<T, N>& slots) {
    using C = typename dsnn::CoefficientOf<T>::type;
    slots[0] = C(c.beta1) * slots[0] + C(1 - c.beta1) * g;
    slots[1] = C(c.beta2) * slots[1] + C(1 - c.beta2) * (g * g);
    const T kept = C(c.keep) * p;
    if (c.rectified) {
      p = kept - C(c.step_size) * (slots[0] / (dsnn::square_root(slots[1]) + C(c.eps)));
    } else {
      p = kept - C(c.step_size) * slots[0];
    }
  }

 private:
  double longest() const { return 2 / (1 - betas_[1]) - 1; }

  std::vector<double> betas_;
  double eps_;
};

struct RadamRule {
  using Coefficients = RectifiedAdam::Coefficients;
  static constexpr size_t kMaxSlots = 2;

  explicit RadamRule(const dsnn::ConfigView& section) : adam_(section) {}
  std::vector<std::string> slots() const { return {"mean", "square"}; }
  void start(size_t, at::Tensor& values) const { values.zero_(); }

  Coefficients at(int64_t step, double lr, double weight_decay) const {
    return adam_.at(step, lr, weight_decay, adam_.average_length(step) >= 5);
  }

  template <class T>
  static void update(const Coefficients& c, T& p, const T& g, std::array<T, kMaxSlots>& slots) {
    RectifiedAdam::update(c, p, g, slots);
  }

 private:
  RectifiedAdam adam_;
};

/// RAdam inside Lookahead (Zhang et al. 2019): every k steps the slow weights move towards the fast ones.
struct RangerRule {
  using Coefficients = RectifiedAdam::Coefficients;
  static constexpr size_t kMaxSlots = 3;

  explicit RangerRule(const dsnn::ConfigView& section)
      : adam_(section),
        alpha_(section.number("alpha")),
        k_(section.integer("k")),
        threshold_(section.number("n_sma_threshold")) {}
  std::vector<std::string> slots() const { return {"mean", "square", "slow"}; }
  void start(size_t slot, at::Tensor& values) const {
    if (slot != 2) values.zero_();
  }

  Coefficients at(int64_t step, double lr, double weight_decay) const {
    Coefficients c = adam_.at(step, lr, weight_decay, adam_.average_length(step) > threshold_);
    c.alpha = alpha_;
    c.synchronise = step % k_ == 0;
    return c;
  }

  template <class T>
  static void update(const Coefficients& c, T& p, const T& g, std::array<T, kMaxSlots>& slots) {
    using C = typename dsnn::CoefficientOf<T>::type;
    RectifiedAdam::update(c, p, g, slots);
    if (c.synchronise) p = slots[2] = slots[2] + C(c.alpha) * (p - slots[2]);
  }

 private:
  RectifiedAdam adam_;
  double alpha_;
  int64_t k_;
  double threshold_;
};

constexpr auto kRadam =
    dsnn::schema("radam", "Rectified Adam with decoupled weight decay")
        .number("lr", {.value = 0.01, .min = 0.0, .doc = "Learning rate"})
        .list("betas", {.item = dsnn::FieldType::number,
                        .min = 2.0,
                        .max = 2.0,
                        .each = {.min = 0.0, .max_exclusive = 1.0},
                        .json = "[0.9, 0.999]",
                        .doc = "Decay of the running mean and square of the gradient"})
        .number("eps", {.value = 1e-8, .min_exclusive = 0.0, .doc = "Added to the root of the square"});
constexpr auto kRanger =
    dsnn::schema("ranger", "Rectified Adam inside Lookahead, with decoupled weight decay")
        .number("lr", {.value = 0.01, .min = 0.0, .doc = "Learning rate"})
        .list("betas", {.item = dsnn::FieldType::number,
                        .min = 2.0,
                        .max = 2.0,
                        .each = {.min = 0.0, .max_exclusive = 1.0},
                        .json = "[0.95, 0.999]",
                        .doc = "Decay of the running mean and square of the gradient"})
        .number("eps", {.value = 1e-5, .min_exclusive = 0.0, .doc = "Added to the root of the square"})
        .number("alpha", {.value = 0.5, .min = 0.0, .max = 1.0, .doc = "How far the slow weights move"})
        .integer("k", {.value = 6, .min = 1, .doc = "Steps between two moves of the slow weights"})
        .number("n_sma_threshold",
                {.value = 5.0, .min = 4.0, .doc = "Rectify while the moving average is longer than this"});
/// The only default under which both methods of shift layers converge; plain descent leaves DeepShift-PS where it is.
constexpr dsnn::ComponentOptions kDefault{.default_for_kind = true};

}  // namespace

DSNN_PLUGIN("radam", "0.3.0", "Apache-2.0", dsnn::component<dsnn::ElementwiseOptimizer<RadamRule>>(kRadam, kDefault),
            dsnn::component<dsnn::ElementwiseOptimizer<RangerRule>>(kRanger));
