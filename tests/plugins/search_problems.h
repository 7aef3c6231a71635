#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "dsnn/search_space.h"

/// Benchmark problems of the search specification, section 5: exact, noise-free, two objectives to minimise.
namespace problems {

using Objectives = std::array<double, 2>;

struct Problem {
  std::string name;
  dsnn::SearchSpace space;
  Objectives reference;
  double hypervolume = 1;  ///< of the true front, for the reference
  std::function<Objectives(const dsnn::Configuration&)> evaluate;
};

inline dsnn::Parameter real(std::string id, double lo, double hi, bool log = false) {
  dsnn::Parameter p;
  p.id = std::move(id);
  p.domain.lo = lo, p.domain.hi = hi, p.domain.log = log;
  p.default_value = log ? lo * std::pow(hi / lo, 0.3) : lo + 0.3 * (hi - lo);  // no optimum of any problem
  return p;
}

inline dsnn::Parameter integer(std::string id, int64_t lo, int64_t hi) {
  dsnn::Parameter p = real(std::move(id), static_cast<double>(lo), static_cast<double>(hi));
  p.domain.type = dsnn::Domain::Type::integer;
  p.default_value = lo;
  return p;
}

inline dsnn::Parameter choice(std::string id, std::vector<dsnn::Value> choices) {
  dsnn::Parameter p;
  p.id = std::move(id);
  p.domain.type = dsnn::Domain::Type::choice;
  p.default_value = choices.front();
  p.domain.choices = std::move(choices);
  return p;
}

inline dsnn::Parameter when(dsnn::Parameter p, int parent, int taken) {
  p.active_when.push_back({.parent = parent, .first = taken, .last = taken});
  return p;
}

inline double number(const dsnn::Configuration& c, const std::string& id) { return c.find(id)->number(); }

inline Objectives shift10c_value(const dsnn::Configuration& c) {
  const std::string& optimizer = c.find("optimizer")->string();
  const std::vector<std::string> names = {"sgd", "adam", "radam", "ranger"};
  size_t o = 0;
  while (names[o] != optimizer) ++o;
  constexpr double kU[] = {-1.5, -3.0, -2.5, -2.2}, kE[] = {0.020, 0.030, 0.0, 0.010}, kC[] = {1.0, 1.08, 1.10, 1.20};
  const bool ps = c.find("method")->string() == "PS";
  const double u = std::log10(number(c, "lr")), depth = number(c, "depth") / 20.0, bits = number(c, "bits"),
               batch = number(c, "batch");
  double error = 0.08 + kE[o] + 0.12 * (u - kU[o]) * (u - kU[o]);
  if (o == 0) error += 0.30 * std::pow(number(c, "momentum") - 0.9, 2);
  error += ps ? (o == 1 || o == 2 ? 0.0 : 0.06) : 0.012;
  error += 0.30 * std::exp(-0.7 * (bits - 1)) * depth + 0.05 * depth * depth + 0.01 * std::pow(std::log2(batch) - 6, 2);
  double cost =
      kC[o] * std::pow(128.0 / batch, 0.25) * (1 - 0.45 * depth * (1 - (bits - 2) / 10.0)) * (ps ? 1.10 : 1.0);
  if (c.find("act")->string() == "fixed") {
    const double whole = number(c, "act_int"), fraction = number(c, "act_frac");
    error += 0.20 * std::exp(-0.5 * whole) + 0.20 * std::exp(-0.35 * fraction);
    cost *= 0.70 + 0.0125 * (whole + fraction);
  }
  return {error, cost};
}

inline Problem shift10c() {
  return {.name = "shift10c",
          .space = dsnn::SearchSpace(
              {real("lr", 1e-4, 1e-1, true), choice("optimizer", {"sgd", "adam", "radam", "ranger"}),
               when(real("momentum", 0.0, 0.99), 1, 0), choice("batch", {32, 64, 128, 256}), integer("depth", 1, 20),
               integer("bits", 2, 8), choice("method", {"Q", "PS"}), choice("act", {"none", "fixed"}),
               when(integer("act_int", 2, 8), 7, 1), when(integer("act_frac", 2, 16), 7, 1)}),
          .reference = {0.5, 1.5},
          .hypervolume = 0.3972419113071589,
          .evaluate = shift10c_value};
}

/// What a trial of shift10c-mf reports after `epochs` of 27.
inline Objectives shift10c_at(const Objectives& full, double epochs) {
  return {full[0] + 0.5 * std::pow(epochs, -0.8) * (1 + 0.3 * std::sin(7 * full[0])), full[1]};
}

inline Problem unit_cube(std::string name, int dimensions, Objectives reference, double hypervolume,
                         std::function<Objectives(const std::vector<double>&)> f, double lo = 0, double hi = 1) {
  std::vector<dsnn::Parameter> parameters;
  for (int i = 0; i < dimensions; ++i) parameters.push_back(real("x" + std::to_string(i), lo, hi));
  return {.name = std::move(name),
          .space = dsnn::SearchSpace(std::move(parameters)),
          .reference = reference,
          .hypervolume = hypervolume,
          .evaluate = [f = std::move(f)](const dsnn::Configuration& c) {
            std::vector<double> x;
            for (const auto& [id, value] : c.values) x.push_back(value.number());
            return f(x);
          }};
}

inline Problem zdt(int variant) {
  return unit_cube("zdt" + std::to_string(variant), 8, {1.1, 1.1},
                   variant == 1 ? 0.1 + 2.0 / 3 + 0.11 : 0.1 + 1.0 / 3 + 0.11,
                   [variant](const std::vector<double>& x) -> Objectives {
                     double sum = 0;
                     for (size_t i = 1; i < x.size(); ++i) sum += x[i];
                     const double g = 1 + 9 * sum / 7, r = x[0] / g;
                     return {x[0], g * (1 - (variant == 1 ? std::sqrt(r) : r * r))};
                   });
}

inline Problem dtlz2() {
  return unit_cube("dtlz2", 6, {1.1, 1.1}, 1.21 - std::numbers::pi / 4, [](const std::vector<double>& x) -> Objectives {
    double g = 0;
    for (size_t i = 1; i < x.size(); ++i) g += (x[i] - 0.5) * (x[i] - 0.5);
    return {(1 + g) * std::cos(x[0] * std::numbers::pi / 2), (1 + g) * std::sin(x[0] * std::numbers::pi / 2)};
  });
}

inline Problem branin_currin() {
  return unit_cube("branincurrin", 2, {18, 6}, 59.36011874867746, [](const std::vector<double>& z) -> Objectives {
    constexpr double kPi = std::numbers::pi;
    const double u = z[0], v = z[1], x = 15 * u - 5, y = 15 * v;
    const double branin =
        std::pow(y - 5.1 / (4 * kPi * kPi) * x * x + 5 / kPi * x - 6, 2) + 10 * (1 - 1 / (8 * kPi)) * std::cos(x) + 10;
    const double a = v <= 0 ? 1.0 : 1 - std::exp(-1 / (2 * v));
    return {branin,
            a * (2300 * u * u * u + 1900 * u * u + 2092 * u + 60) / (100 * u * u * u + 500 * u * u + 4 * u + 20)};
  });
}

inline Problem kursawe() {
  return unit_cube(
      "kursawe", 3, {-13.9, 1.2}, 39.554732,
      [](const std::vector<double>& x) -> Objectives {
        double f1 = 0, f2 = 0;
        for (size_t i = 0; i < 2; ++i) f1 += -10 * std::exp(-0.2 * std::sqrt(x[i] * x[i] + x[i + 1] * x[i + 1]));
        for (double v : x) f2 += std::pow(std::abs(v), 0.8) + 5 * std::sin(v * v * v);
        return {f1, f2};
      },
      -5, 5);
}

/// The 8 mixed parameters used for timing only.
inline Problem overhead8() {
  return {.name = "overhead8",
          .space = dsnn::SearchSpace({real("lr", 1e-4, 1e-1, true), real("wd", 1e-6, 1e-2, true),
                                      real("momentum", 0, 0.99), real("dropout", 0, 0.6), integer("depth", 1, 20),
                                      integer("bits", 2, 8), choice("optimizer", {"sgd", "adam", "radam", "ranger"}),
                                      choice("batch", {32, 64, 128, 256})}),
          .reference = {1.5, 2.0},
          .hypervolume = 1,
          .evaluate = [](const dsnn::Configuration& c) -> Objectives {
            const double u = std::log10(number(c, "lr")), depth = number(c, "depth") / 20, bits = number(c, "bits");
            return {0.08 + 0.12 * (u + 2) * (u + 2) + 0.02 * std::pow(std::log10(number(c, "wd")) + 4, 2) +
                        0.3 * std::pow(number(c, "momentum") - 0.9, 2) + 0.2 * std::pow(number(c, "dropout") - 0.2, 2) +
                        0.05 * depth * depth,
                    std::pow(128 / number(c, "batch"), 0.25) * (1 - 0.45 * depth * (1 - (bits - 2) / 10))};
          }};
}

/// Far more than an ordinary space has: `parameters` unordered choices of `choices` each, and four numbers.
inline Problem wide(int parameters, int choices) {
  std::vector<dsnn::Parameter> all = {real("a", 0, 1), real("b", 0, 1), real("c", 0, 1), integer("d", 1, 20)};
  std::vector<dsnn::Value> values;
  for (int i = 0; i < choices; ++i) values.emplace_back("v" + std::to_string(i));
  for (int p = 0; p < parameters; ++p) all.push_back(choice("p" + std::to_string(p), values));
  return {.name = "wide",
          .space = dsnn::SearchSpace(std::move(all)),
          .reference = {3, 3},
          .hypervolume = 1,
          .evaluate = [](const dsnn::Configuration& c) -> Objectives {
            double chosen = 0, count = 0;
            for (const auto& [id, value] : c.values) {
              if (!value.is_string()) continue;
              chosen += static_cast<double>(dsnn::hash64(dsnn::hash64(1, id), value.string()) >> 11) * 0x1p-53;
              ++count;
            }
            const double a = number(c, "a"), b = number(c, "b");
            return {a + b * b + chosen / std::max(count, 1.0), 1 - a + number(c, "c") + number(c, "d") / 20};
          }};
}

/// Exact area dominated by `points` with respect to `reference`.
inline double hypervolume(std::vector<Objectives> points, const Objectives& reference) {
  std::sort(points.begin(), points.end());
  double area = 0, best = reference[1];
  for (const Objectives& p : points) {
    if (p[0] >= reference[0] || p[1] >= best) continue;
    area += (reference[0] - p[0]) * (best - p[1]);
    best = p[1];
  }
  return area;
}

}  // namespace problems
