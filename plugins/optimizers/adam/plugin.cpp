#include <cmath>

#include "dsnn/elementwise_optimizer.h"
#include "dsnn/plugin.h"

namespace {

enum class Decay { coupled, decoupled };

/// Adam (Kingma & Ba 2015) and, with decoupled decay, AdamW (Loshchilov & Hutter 2019).
template <Decay kDecay>
struct AdamRule {
  struct Coefficients {
    double keep, add_decay, beta1, beta2, step_size, correction, eps;
    bool amsgrad;
  };
  static constexpr size_t kMaxSlots = 3;

  explicit AdamRule(const dsnn::ConfigView& section)
      : betas_(section.numbers("betas")), eps_(section.number("eps")), amsgrad_(section.boolean("amsgrad")) {}

  std::vector<std::string> slots() const {
    std::vector<std::string> names = {"mean", "square"};
    if (amsgrad_) names.push_back("largest_square");
    return names;
  }
  void start(size_t, at::Tensor& values) const { values.zero_(); }

  Coefficients at(int64_t step, double lr, double weight_decay) const {
    const double t = static_cast<double>(step);
    return {.keep = kDecay == Decay::decoupled ? 1 - lr * weight_decay : 1.0,
            .add_decay = kDecay == Decay::coupled ? weight_decay : 0.0,
            .beta1 = betas_[0],
            .beta2 = betas_[1],
            .step_size = lr / (1 - std::pow(betas_[0], t)),
            .correction = 1 / std::sqrt(1 - std::pow(betas_[1], t)),
            .eps = eps_,
            .amsgrad = amsgrad_};
  }

  template <class T>
  static void update(const Coefficients& c, T& p, const T& g, std::array<T, kMaxSlots>& slots) {
    using C = typename dsnn::CoefficientOf<T>::type;
    const T kept = kDecay == Decay::decoupled ? C(c.keep) * p : p;
    const T gradient = c.add_decay == 0 ? g : g + C(c.add_decay) * p;
    slots[0] = C(c.beta1) * slots[0] + C(1 - c.beta1) * gradient;
    slots[1] = C(c.beta2) * slots[1] + C(1 - c.beta2) * (gradient * gradient);
    if (c.amsgrad) slots[2] = dsnn::larger(slots[2], slots[1]);
    const T square = c.amsgrad ? slots[2] : slots[1];
    p = kept - C(c.step_size) * (slots[0] / (C(c.correction) * dsnn::square_root(square) + C(c.eps)));
  }

 private:
  std::vector<double> betas_;
  double eps_;
  bool amsgrad_;
};

constexpr auto with_keys(const dsnn::Schema& schema) {
  return schema.number("lr", {.value = 1e-3, .min = 0.0, .doc = "Learning rate"})
      .list("betas", {.item = dsnn::FieldType::number,
                      .min = 2.0,
                      .max = 2.0,
                      .each = {.min = 0.0, .max_exclusive = 1.0},
                      .json = "[0.9, 0.999]",
                      .doc = "Decay of the running mean and square of the gradient"})
      .number("eps", {.value = 1e-8, .min_exclusive = 0.0, .doc = "Added to the root of the square"})
      .flag("amsgrad", {.value = false, .doc = "Divide by the largest square seen so far"});
}
constexpr auto kAdam = with_keys(dsnn::schema("adam", "Adam; weight decay is added to the gradient"));
constexpr auto kAdamW = with_keys(dsnn::schema("adamw", "Adam with decoupled weight decay"));

}  // namespace

DSNN_PLUGIN("adam", "0.3.0", "Apache-2.0", dsnn::component<dsnn::ElementwiseOptimizer<AdamRule<Decay::coupled>>>(kAdam),
            dsnn::component<dsnn::ElementwiseOptimizer<AdamRule<Decay::decoupled>>>(kAdamW));
