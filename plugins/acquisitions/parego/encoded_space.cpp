#include "encoded_space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace parego {
namespace {

constexpr double kBelowOne = 1.0 - 1e-12;
constexpr size_t kManyChoices = 64;  // from here on a table finds them

/// Equal for equal choices: 1 and 1.0 are one.
std::string choice_text(const dsnn::Value& value) {
  return value.is_number() ? dsnn::to_text(dsnn::Value(value.number())) : dsnn::to_json(value);
}

/// 32 bits are enough for a coordinate of a candidate, and take half as long.
double uniform32(dsnn::Rng& rng) { return static_cast<double>(rng.bits32()) * 0x1p-32; }

/// Four uniform numbers added up: near enough to a normal number for a step, without a logarithm and a cosine.
double normal32(dsnn::Rng& rng) {
  double sum = 0;
  for (int i = 0; i < 4; ++i) sum += uniform32(rng);
  return (sum - 2) * std::numbers::sqrt3;
}

double reflected(double u) {
  if (u < 0) u = -u;
  if (u > 1) u = 2 - u;
  return std::clamp(u, 0.0, kBelowOne);
}

}  // namespace

EncodedSpace::EncodedSpace(const dsnn::SearchSpace& space) : space_(space) {
  for (const dsnn::Parameter& p : space.parameters()) {
    Axis axis;
    axis.choice = p.domain.type == dsnn::Domain::Type::choice;
    axis.cells = static_cast<double>(p.domain.count());
    axis.irregular = !axis.choice && p.domain.log && axis.cells > 0;
    axis.active_when = p.active_when;
    if (p.domain.choices.size() > kManyChoices) {
      for (size_t i = 0; i < p.domain.choices.size(); ++i)
        axis.index.try_emplace(choice_text(p.domain.choices[i]), static_cast<int>(i));
    }
    categories_.push_back(axis.choice && !p.domain.ordered ? static_cast<int>(p.domain.choices.size()) : 0);
    axes_.push_back(std::move(axis));
  }
}

int EncodedSpace::choice_of(size_t parameter, const dsnn::Value& value) const {
  const Axis& axis = axes_[parameter];
  if (axis.index.empty()) return static_cast<int>(space_.parameters()[parameter].domain.index_of(value));
  const auto found = axis.index.find(choice_text(value));
  return found == axis.index.end() ? -1 : found->second;
}

size_t EncodedSpace::exchanges(size_t steps) const {
  size_t out = 0;
  for (const int choices : categories_) out += choices > 0 ? static_cast<size_t>(choices) - 1 : steps;
  return out;
}

void EncodedSpace::point(const dsnn::Configuration& configuration, std::span<double> out, dsnn::Rng& rng) const {
  for (size_t i = 0; i < axes_.size(); ++i) {
    const dsnn::Parameter& p = space_.parameters()[i];
    const dsnn::Value* value = configuration.find(p.id);
    if (value != nullptr && axes_[i].choice) {
      const int choice = choice_of(i, *value);
      out[i] = choice >= 0 ? std::min((choice + 0.5) / axes_[i].cells, kBelowOne) : rng.uniform();
      continue;
    }
    out[i] =
        value != nullptr && p.domain.contains(*value) ? std::min(space_.unit_of(i, *value), kBelowOne) : rng.uniform();
  }
}

void EncodedSpace::random(std::span<double> out, dsnn::Rng& rng) const {
  for (double& u : out) u = uniform32(rng);
}

int64_t EncodedSpace::taken(std::span<const double> point, size_t parameter) const {
  if (!axes_[parameter].irregular) return static_cast<int64_t>(point[parameter] * axes_[parameter].cells);
  return space_.parameters()[parameter].domain.index_of(space_.value_at(parameter, point[parameter]));
}

void EncodedSpace::features(std::span<const double> point, std::span<float> row) const {
  for (size_t i = 0; i < axes_.size(); ++i) {
    const Axis& axis = axes_[i];
    const double u = point[i];
    const bool active = axis.active_when.empty() ||
                        std::any_of(axis.active_when.begin(), axis.active_when.end(), [&](const dsnn::Condition& c) {
                          const size_t parent = static_cast<size_t>(c.parent);
                          return !std::isnan(row[parent]) && c.holds(taken(point, parent));
                        });
    double x = u;
    if (!active) {
      x = std::numeric_limits<double>::quiet_NaN();
    } else if (categories_[i] > 0) {
      x = std::floor(u * axis.cells);
    } else if (axis.choice) {
      x = axis.cells > 1 ? std::floor(u * axis.cells) / (axis.cells - 1) : 0.0;
    } else if (axis.irregular) {
      x = space_.unit_of(i, space_.value_at(i, u));
    } else if (axis.cells > 0) {
      x = (std::floor(u * axis.cells) + 0.5) / axis.cells;
    }
    row[i] = static_cast<float>(x);
  }
}

void EncodedSpace::choose(std::span<double> point, size_t parameter, int index) const {
  point[parameter] = (index + 0.5) / axes_[parameter].cells;
}

void EncodedSpace::change(std::span<double> point, size_t parameter, double sd, dsnn::Rng& rng) const {
  const Axis& axis = axes_[parameter];
  double& u = point[parameter];
  if (categories_[parameter] > 0) {
    if (axis.cells < 2) return;
    const auto now = static_cast<int>(u * axis.cells);
    const auto to = static_cast<int>(uniform32(rng) * (axis.cells - 1));
    return choose(point, parameter, to >= now ? to + 1 : to);
  }
  if (axis.cells == 1) return;
  const double step = normal32(rng) * sd;
  if (axis.cells > 0) {
    const double now = std::floor(u * axis.cells);
    double to = std::floor(reflected((now + 0.5) / axis.cells + step) * axis.cells);
    if (to == now) to = (step < 0 && now > 0) || now + 1 >= axis.cells ? now - 1 : now + 1;
    u = (to + 0.5) / axis.cells;
  } else {
    u = reflected(u + step);
  }
}

void EncodedSpace::mutate(std::span<double> point, double rate, double sd, dsnn::Rng& rng) const {
  bool changed = false;
  for (size_t i = 0; i < axes_.size(); ++i) {
    if (uniform32(rng) >= rate) continue;
    change(point, i, sd, rng);
    changed = true;
  }
  if (!changed) change(point, static_cast<size_t>(rng.integer(0, static_cast<int64_t>(axes_.size()) - 1)), sd, rng);
}

dsnn::Configuration EncodedSpace::configuration(std::span<const double> point) const {
  return space_.decode(std::vector<double>(point.begin(), point.end()));
}

}  // namespace parego
