#include "dsnn/plugin.h"
#include "dsnn/elementwise_optimizer.h"

namespace {

struct SgdRule {
  struct Coefficients {
    double lr, weight_decay, momentum, take;
    bool nesterov;
  };
  static constexpr size_t kMaxSlots = 1;

  explicit SgdRule(const dsnn::ConfigView& section)
      : momentum_(section.number("momentum")),
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
  double momentum_, dampening_;
  bool nesterov_;
};

constexpr auto kSchema =
    dsnn::schema("sgd", "Stochastic gradient descent with momentum; weight decay is added to the gradient")
        .number("lr", {.value = 0.1, .min = 0.0, .doc = "Learning rate"})
        .number("momentum", {.value = 0.0, .min = 0.0, .max_exclusive = 1.0, .doc = "Momentum factor"})
        .number("dampening",
                {.value = 0.0, .min = 0.0, .max = 1.0, .doc = "Share of each gradient kept out of the momentum"})
        .flag("nesterov", {.value = false, .doc = "Nesterov's look-ahead"});

}  // namespace

DSNN_PLUGIN("sgd", "0.3.0", "Apache-2.0", dsnn::component<dsnn::ElementwiseOptimizer<SgdRule>>(kSchema));
