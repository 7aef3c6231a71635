#include "dsnn/plugin.h"
#include "dsnn/elementwise_optimizer.h"

namespace {

struct RmspropRule {
  struct Coefficients {
    double lr, weight_decay, alpha, eps, momentum;
    bool centered;
  };
  static constexpr size_t kMaxSlots = 3;

  explicit RmspropRule(const dsnn::ConfigView& section)
      : alpha_(section.number("alpha")),
        eps_(section.number("eps")),
        momentum_(section.number("momentum")),
        centered_(section.boolean("centered")) {}

  /// The mean comes last and brings the momentum's slot with it.
  std::vector<std::string> slots() const {
    std::vector<std::string> names = {"square"};
    if (momentum_ != 0 || centered_) names.push_back("momentum");
    if (centered_) names.push_back("mean");
    return names;
  }
  void start(size_t, at::Tensor& values) const { values.zero_(); }

  Coefficients at(int64_t, double lr, double weight_decay) const {
    return {.lr = lr,
            .weight_decay = weight_decay,
            .alpha = alpha_,
            .eps = eps_,
            .momentum = momentum_,
            .centered = centered_};
  }

  template <class T>
  static void update(const Coefficients& c, T& p, const T& g, std::array<T, kMaxSlots>& slots) {
    using C = typename dsnn::CoefficientOf<T>::type;
    const T gradient = c.weight_decay == 0 ? g : g + C(c.weight_decay) * p;
    slots[0] = C(c.alpha) * slots[0] + C(1 - c.alpha) * (gradient * gradient);
    T variance = slots[0];
    if (c.centered) {
      slots[2] = C(c.alpha) * slots[2] + C(1 - c.alpha) * gradient;
      // Equal gradients make the difference a rounding error, which may be below zero.
      variance = dsnn::at_least_zero(slots[0] - slots[2] * slots[2]);
    }
    T direction = gradient / (dsnn::square_root(variance) + C(c.eps));
    if (c.momentum != 0) direction = slots[1] = C(c.momentum) * slots[1] + direction;
    p = p - C(c.lr) * direction;
  }

 private:
  double alpha_, eps_, momentum_;
  bool centered_;
};

constexpr auto kSchema =
    dsnn::schema("rmsprop", "RMSprop; weight decay is added to the gradient")
        .number("lr", {.value = 0.01, .min = 0.0, .doc = "Learning rate"})
        .number("alpha", {.value = 0.99, .min = 0.0, .max_exclusive = 1.0, .doc = "Decay of the running square"})
        .number("eps", {.value = 1e-8, .min_exclusive = 0.0, .doc = "Added to the root of the square"})
        .number("momentum", {.value = 0.0, .min = 0.0, .max_exclusive = 1.0, .doc = "Momentum factor"})
        .flag("centered", {.value = false, .doc = "Divide by the running standard deviation instead"});

}  // namespace

DSNN_PLUGIN("rmsprop", "0.3.0", "Apache-2.0", dsnn::component<dsnn::ElementwiseOptimizer<RmspropRule>>(kSchema));
