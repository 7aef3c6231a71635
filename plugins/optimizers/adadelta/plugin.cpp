#include "dsnn/plugin.h"
#include "dsnn/elementwise_optimizer.h"

namespace {

struct AdadeltaRule {
  struct Coefficients {
    double lr, weight_decay, rho, eps;
  };
  static constexpr size_t kMaxSlots = 2;

  explicit AdadeltaRule(const dsnn::ConfigView& section) : rho_(section.number("rho")), eps_(section.number("eps")) {}

  std::vector<std::string> slots() const { return {"square", "change"}; }
  void start(size_t, at::Tensor& values) const { values.zero_(); }

  Coefficients at(int64_t, double lr, double weight_decay) const {
    return {.lr = lr, .weight_decay = weight_decay, .rho = rho_, .eps = eps_};
  }

  template <class T>
  static void update(const Coefficients& c, T& p, const T& g, std::array<T, kMaxSlots>& slots) {
    using C = typename dsnn::CoefficientOf<T>::type;
    const T gradient = c.weight_decay == 0 ? g : g + C(c.weight_decay) * p;
    slots[0] = C(c.rho) * slots[0] + C(1 - c.rho) * (gradient * gradient);
    const T change = dsnn::square_root(slots[1] + C(c.eps)) / dsnn::square_root(slots[0] + C(c.eps)) * gradient;
    slots[1] = C(c.rho) * slots[1] + C(1 - c.rho) * (change * change);
    p = p - C(c.lr) * change;
  }

 private:
  double rho_, eps_;
};

constexpr auto kSchema =
    dsnn::schema("adadelta", "Adadelta; weight decay is added to the gradient")
        .number("lr", {.value = 1.0, .min = 0.0, .doc = "Learning rate"})
        .number("rho", {.value = 0.9, .min = 0.0, .max_exclusive = 1.0, .doc = "Decay of both running squares"})
        .number("eps", {.value = 1e-6, .min_exclusive = 0.0, .doc = "Added under both roots"});

}  // namespace

DSNN_PLUGIN("adadelta", "0.3.0", "Apache-2.0", dsnn::component<dsnn::ElementwiseOptimizer<AdadeltaRule>>(kSchema));
