#include "config/metric_names.h"

#include <algorithm>
#include <array>

#include "plugin/members.h"

namespace dsnn::config {
namespace {

constexpr std::array kSplits = {"train", "validation", "test"};
constexpr std::array kEnergyScopes = {"step", "training", "trial", "train", "validation", "test"};

using plugin::flag_at;
using plugin::text_at;

}  // namespace

MetricNames::MetricNames(const std::set<const plugin::ComponentInfo*>& components) {
  for (const plugin::ComponentInfo* component : components) {
    if (!component->metrics.is_list()) continue;
    for (const Value& metric : component->metrics.items()) {
      MetricInfo info{.name = text_at(metric, "name"),
                      .better = text_at(metric, "better"),
                      .reproducible = flag_at(metric, "reproducible", true),
                      .known_before_training = flag_at(metric, "static", false)};
      if (info.name.starts_with("*.")) {
        const std::string quantity = info.name.substr(1);
        for (const char* scope : kEnergyScopes) {
          info.name = scope + quantity;
          add(info);
        }
      } else if (info.name.find('.') == std::string::npos) {
        const MetricInfo bare = info;
        for (const char* split : kSplits) {
          info.name = std::string(split) + "." + bare.name;
          add(info);
        }
      } else {
        add(info);
      }
    }
  }
  // The driver's own accounting: emissions follow from energy, times are measured by the loop.
  if (find("inference.energy_mj") != nullptr)
    add({.name = "inference.emissions_kg", .better = "lower", .known_before_training = true});
  if (find("training.energy_kwh") != nullptr)
    add({.name = "training.emissions_kg", .better = "lower", .reproducible = false});
  add({.name = "step.seconds", .better = "lower", .reproducible = false});
}

void MetricNames::add(MetricInfo info) {
  if (find(info.name) == nullptr) all_.push_back(std::move(info));
}

const MetricInfo* MetricNames::find(const std::string& name) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const MetricInfo& m) { return m.name == name; });
  return found == all_.end() ? nullptr : &*found;
}

std::vector<std::string> MetricNames::names() const {
  std::vector<std::string> out;
  for (const MetricInfo& info : all_) out.push_back(info.name);
  return out;
}

}  // namespace dsnn::config
