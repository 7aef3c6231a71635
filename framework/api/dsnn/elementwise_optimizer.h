#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dsnn/config_view.h"
#include "dsnn/error.h"
#include "dsnn/optimizer.h"

namespace dsnn {

/// A tensor that is written like a number, so that one formula serves single elements and whole tensors.
struct TensorNumber {
  at::Tensor t;
};
inline TensorNumber operator+(const TensorNumber& a, const TensorNumber& b) { return {a.t.add(b.t)}; }
inline TensorNumber operator-(const TensorNumber& a, const TensorNumber& b) { return {a.t.sub(b.t)}; }
inline TensorNumber operator*(const TensorNumber& a, const TensorNumber& b) { return {a.t.mul(b.t)}; }
inline TensorNumber operator/(const TensorNumber& a, const TensorNumber& b) { return {a.t.div(b.t)}; }
inline TensorNumber operator+(const TensorNumber& a, double b) { return {a.t.add(b)}; }
inline TensorNumber operator*(double a, const TensorNumber& b) { return {b.t.mul(a)}; }
inline TensorNumber square_root(const TensorNumber& a) { return {a.t.sqrt()}; }
inline TensorNumber larger(const TensorNumber& a, const TensorNumber& b) { return {a.t.maximum(b.t)}; }
inline TensorNumber at_least_zero(const TensorNumber& a) { return {a.t.clamp_min(0.0)}; }
template <class T>
T square_root(T a) {
  return std::sqrt(a);
}
template <class T>
T larger(T a, T b) {
  return a > b ? a : b;
}
template <class T>
T at_least_zero(T a) {
  return a < T(0) ? T(0) : a;
}

/// The type of a coefficient that meets elements of type T.
template <class T>
struct CoefficientOf {
  using type = T;
};
template <>
struct CoefficientOf<TensorNumber> {
  using type = double;
};

/// An optimiser whose update of an element needs that element, its gradient and up to Rule::kMaxSlots state values.
///
/// `Rule` is constructed from the optimiser's ConfigView and has
///   static constexpr size_t kMaxSlots;
///   std::vector<std::string> slots() const;                  names of the slots in use, at most kMaxSlots
///   void start(size_t slot, at::Tensor& values) const;       `values` holds a copy of the parameter; usually zero_()
///   Coefficients at(int64_t step, double lr, double weight_decay) const;    step counts from 1
///   template <class T> static void update(const Coefficients&, T& p, const T& g, std::array<T, kMaxSlots>& slots);
///   std::vector<std::string> warnings(std::span<const ParameterGroup> groups) const;     may be left out
/// `update` runs on float and double elements in one fused loop on the CPU, and on TensorNumber elsewhere. Steps count
/// per parameter: one without gradient is left alone and its count stands still.
template <class Rule>
class ElementwiseOptimizer : public Optimizer {
 public:
  explicit ElementwiseOptimizer(const ConfigView& section) : rule_(section), slot_names_(rule_.slots()) {}

  std::vector<std::string> attach(std::vector<ParameterGroup> groups) override {
    std::vector<std::string> warnings;
    if constexpr (requires { rule_.warnings(groups); }) warnings = rule_.warnings(groups);
    groups_.clear();
    step_ = 0;
    for (ParameterGroup& group : groups) {
      Group made{.weight_decay = group.weight_decay, .entries = {}};
      for (NamedTensor& parameter : group.parameters) {
        made.entries.push_back(
            {.name = std::move(parameter.name), .parameter = std::move(parameter.tensor), .step = 0, .slots = {}});
      }
      groups_.push_back(std::move(made));
    }
    return warnings;
  }

  void step(std::span<const double> group_lr) override {
    DSNN_ASSERT(group_lr.size() == groups_.size());
    const at::NoGradGuard no_grad;
    ++step_;
    for (size_t i = 0; i < groups_.size(); ++i) {
      for (Entry& entry : groups_[i].entries) {
        if (entry.parameter.grad().defined()) update(entry, group_lr[i], groups_[i].weight_decay);
      }
    }
  }

  /// Shares storage with this optimiser: copy or write it before the next step.
  Tensors state() const override {
    Tensors state;
    for (const Group& group : groups_) {
      for (const Entry& entry : group.entries) {
        state["step"] = counter(entry, step_);
        state[entry.name + ".step"] = counter(entry, entry.step);
        for (size_t k = 0; k < entry.slots.size(); ++k) state[entry.name + "." + slot_names_[k]] = entry.slots[k];
      }
    }
    return state;
  }

  void load(const Tensors& state) override {
    const at::NoGradGuard no_grad;
    step_ = state.empty() ? 0 : find(state, "step").item().toLong();
    for (Group& group : groups_) {
      for (Entry& entry : group.entries) {
        entry.step = find(state, entry.name + ".step").item().toLong();
        entry.slots.clear();
        if (entry.step == 0) continue;
        start(entry);
        for (size_t k = 0; k < entry.slots.size(); ++k) {
          const at::Tensor& saved = find(state, entry.name + "." + slot_names_[k]);
          if (saved.sizes() != entry.slots[k].sizes()) fail(entry.name + "." + slot_names_[k], "has another shape");
          entry.slots[k].copy_(saved);
        }
      }
    }
  }

 private:
  using Coefficients = decltype(std::declval<const Rule&>().at(int64_t{1}, 0.0, 0.0));
  static constexpr size_t kMaxSlots = Rule::kMaxSlots;

  struct Entry {
    std::string name;
    at::Tensor parameter;
    int64_t step = 0;
    std::vector<at::Tensor> slots;  // same strides as the parameter; empty before the first step
  };
  struct Group {
    double weight_decay = 0;
    std::vector<Entry> entries;
  };

  static at::Tensor counter(const Entry& near, int64_t value) {
    return near.parameter.new_full({}, value, at::TensorOptions().dtype(at::kLong).device(at::kCPU));
  }

  [[noreturn]] static void fail(const std::string& key, const std::string& what) {
    throw EvaluationError(FailKind::exception,
                          "the saved optimiser state " + what + " for '" + key +
                              "'; it belongs to another network or optimiser, so start the trial again");
  }
  static const at::Tensor& find(const Tensors& state, const std::string& key) {
    const auto found = state.find(key);
    if (found == state.end()) fail(key, "has nothing");
    return found->second;
  }

  void start(Entry& entry) const {
    for (size_t k = 0; k < slot_names_.size(); ++k) {
      entry.slots.push_back(entry.parameter.detach().clone());
      rule_.start(k, entry.slots.back());
    }
  }

  void update(Entry& entry, double lr, double weight_decay) {
    if (entry.step == 0) start(entry);
    const Coefficients c = rule_.at(++entry.step, lr, weight_decay);
    at::Tensor gradient = entry.parameter.grad().detach();
    const at::Tensor parameter = entry.parameter.detach();
    const bool dense = parameter.device().is_cpu() && parameter.is_non_overlapping_and_dense() &&
                       gradient.scalar_type() == parameter.scalar_type();
    if (dense && gradient.strides() != parameter.strides()) gradient = parameter.clone().copy_(gradient);
    if (dense && parameter.scalar_type() == at::kFloat) {
      update_elements<float>(c, parameter, gradient, entry.slots);
    } else if (dense && parameter.scalar_type() == at::kDouble) {
      update_elements<double>(c, parameter, gradient, entry.slots);
    } else {
      update_tensor(c, parameter, gradient, entry.slots);
    }
    // Written behind autograd's back; layers drop what they cached by this count.
    entry.parameter.unsafeGetTensorImpl()->bump_version();
  }

  template <class T>
  static void update_elements(const Coefficients& c, const at::Tensor& parameter, const at::Tensor& gradient,
                              std::vector<at::Tensor>& slots) {
    std::array<T*, kMaxSlots> pointers{};
    for (size_t k = 0; k < slots.size(); ++k) pointers[k] = slots[k].mutable_data_ptr<T>();
    with_count<0>(slots.size(), [&](auto count) {
      update_loop<T, decltype(count)::value>(c, parameter.mutable_data_ptr<T>(), gradient.const_data_ptr<T>(), pointers,
                                             parameter.numel());
    });
  }

  template <size_t N, class Call>
  static void with_count(size_t count, const Call& call) {
    if constexpr (N < kMaxSlots) {
      if (count != N) return with_count<N + 1>(count, call);
    }
    call(std::integral_constant<size_t, N>{});
  }

  template <class T, size_t N>
  static void update_loop(const Coefficients& c, T* parameter, const T* gradient, std::array<T*, kMaxSlots> slots,
                          int64_t count) {
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) {
      std::array<T, kMaxSlots> values{};
      for (size_t k = 0; k < N; ++k) values[k] = slots[k][i];
      T p = parameter[i];
      const T g = gradient[i];
      Rule::update(c, p, g, values);
      parameter[i] = p;
      for (size_t k = 0; k < N; ++k) slots[k][i] = values[k];
    }
  }

  static void update_tensor(const Coefficients& c, const at::Tensor& parameter, const at::Tensor& gradient,
                            std::vector<at::Tensor>& slots) {
    TensorNumber p{parameter};
    std::array<TensorNumber, kMaxSlots> values;
    for (size_t k = 0; k < slots.size(); ++k) values[k].t = slots[k];
    Rule::update(c, p, TensorNumber{gradient}, values);
    parameter.copy_(p.t);
    for (size_t k = 0; k < slots.size(); ++k) slots[k] = values[k].t;
  }

  Rule rule_;
  std::vector<std::string> slot_names_;
  std::vector<Group> groups_;
  int64_t step_ = 0;
};

}  // namespace dsnn
