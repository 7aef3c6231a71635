#include "dsnn/plugin.h"
#include "dsnn/elementwise_optimizer.h"

namespace {

struct AdagradRule {
  struct Coefficients {
    double step_size, weight_decay, eps;
  };
  static constexpr size_t kMaxSlots = 1;

  explicit AdagradRule(const dsnn::ConfigView& section)
      : lr_decay_(section.number("lr_decay")),
        initial_accumulator_(section.number("initial_accumulator")),
        eps_(section.number("eps")) {}

  std::vector<std::string> slots() const { return {"sum"}; }
  void start(size_t, at::Tensor& values) const { values.fill_(initial_accumulator_); }

  Coefficients at(int64_t step, double lr, double weight_decay) const {
    return {
        .step_size = lr / (1 + static_cast<double>(step - 1) * lr_decay_), .weight_decay = weight_decay, .eps = eps_};
  }

  template <class T>
  static void update(const Coefficients& c, T& p, const T& g, std::array<T, kMaxSlots>& slots) {
    using C = typename dsnn::CoefficientOf<T>::type;
    const T gradient = c.weight_decay == 0 ? g : g + C(c.weight_decay) * p;
    slots[0] = slots[0] + gradient * gradient;
    p = p - C(c.step_size) * (gradient / (dsnn::square_root(slots[0]) + C(c.eps)));
  }

 private:
  double lr_decay_, initial_accumulator_, eps_;
};

constexpr auto kSchema =
    dsnn::schema("adagrad", "Adagrad; weight decay is added to the gradient")
        .number("lr", {.value = 0.01, .min = 0.0, .doc = "Learning rate"})
        .number("lr_decay", {.value = 0.0, .min = 0.0, .doc = "The rate is divided by 1 + lr_decay * finished steps"})
        .number("initial_accumulator", {.value = 0.0, .min = 0.0, .doc = "Start of the sum of squares"})
        .number("eps", {.value = 1e-10, .min_exclusive = 0.0, .doc = "Added to the root of the sum"});

}  // namespace

DSNN_PLUGIN("adagrad", "0.3.0", "Apache-2.0", dsnn::component<dsnn::ElementwiseOptimizer<AdagradRule>>(kSchema));
