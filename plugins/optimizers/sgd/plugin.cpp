#include <algorithm>
#include <cstdio>

#include "dsnn/elementwise_optimizer.h"
#include "dsnn/plugin.h"

namespace {

struct SgdRule {
  struct Coefficients {
    double lr, weight_decay, momentum, take;
    bool nesterov;
  };
  static constexpr size_t kMaxSlots = 1;

  explicit SgdRule(const dsnn::ConfigView& section)
      : lr_(section.number("lr")),
        momentum_(section.number("momentum")),
        dampening_(section.number("dampening")),
        nesterov_(section.boolean("nesterov")) {
    if (nesterov_ && (momentum_ == 0 || dampening_ != 0)) {
      section.error("nesterov", "nesterov needs a momentum above 0 and a dampening of 0",
                    "set momentum: 0.9, or leave nesterov out");
    }
  }

  std::vector<std::string> slots() const {
    return momentum_ != 0 ? std::vector<std::string>{"momentum"} : std::vector<std::string>{};
  }
  void start(size_t, at::Tensor& values) const { values.zero_(); }

  /// Elhoushi et al. train shifts with RAdam: with SGD at this rate they do not converge.
  std::vector<std::string> warnings(std::span<const dsnn::ParameterGroup> groups) const {
    const bool has_shifts = std::any_of(groups.begin(), groups.end(),
                                        [](const dsnn::ParameterGroup& g) { return g.role == dsnn::Role::shift; });
    if (lr_ < kSteepForShifts || !has_shifts) return {};
    char rate[32];
    std::snprintf(rate, sizeof rate, "%g", lr_);
    return {std::string("sgd: trained shifts (deepshift, method ps) seldom converge with lr ") + rate +
            "; use radam with lr 0.01, or an lr below 0.1"};
  }

  /// The first step takes the undamped gradient as its velocity.
  Coefficients at(int64_t step, double lr, double weight_decay) const {
    return {.lr = lr,
            .weight_decay = weight_decay,
            .momentum = momentum_,
            .take = step == 1 ? 1.0 : 1.0 - dampening_,
            .nesterov = nesterov_};
  }

  template <class T>
  static void update(const Coefficients& c, T& p, const T& g, std::array<T, kMaxSlots>& slots) {
    using C = typename dsnn::CoefficientOf<T>::type;
    T direction = c.weight_decay == 0 ? g : g + C(c.weight_decay) * p;
    if (c.momentum != 0) {
      slots[0] = C(c.momentum) * slots[0] + C(c.take) * direction;
      direction = c.nesterov ? direction + C(c.momentum) * slots[0] : slots[0];
    }
    p = p - C(c.lr) * direction;
  }

 private:
  static constexpr double kSteepForShifts = 0.1;

  double lr_, momentum_, dampening_;
  bool nesterov_;
};

constexpr auto kSchema =
    dsnn::schema("sgd", "Stochastic gradient descent with momentum; weight decay is added to the gradient")
        .number("lr", {.value = 0.1, .min = 0.0, .doc = "Learning rate"})
        .number("momentum", {.value = 0.9, .min = 0.0, .max_exclusive = 1.0, .doc = "Momentum factor"})
        .number("dampening",
                {.value = 0.0, .min = 0.0, .max = 1.0, .doc = "Share of each gradient kept out of the momentum"})
        .flag("nesterov", {.value = false, .doc = "Nesterov's look-ahead"});

}  // namespace

DSNN_PLUGIN("sgd", "0.3.0", "Apache-2.0", dsnn::component<dsnn::ElementwiseOptimizer<SgdRule>>(kSchema));
