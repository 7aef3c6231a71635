#include "dsnn/types.h"

#include <algorithm>
#include <array>

namespace dsnn {
namespace {

constexpr std::array kSplits = {"train", "validation", "test"};
constexpr std::array kOrigins = {"proposed", "promoted", "default", "enqueued", "imported", "replicate"};
constexpr std::array kStates = {"waiting", "running", "complete", "pruned", "failed", "diverged", "infeasible"};

template <class Enum, size_t N>
Enum from(const std::array<const char*, N>& names, const std::string& text) {
  for (size_t i = 0; i < N; ++i) {
    if (text == names[i]) return static_cast<Enum>(i);
  }
  throw std::invalid_argument("unknown word '" + text + "'");
}

}  // namespace

const char* to_string(Split split) { return kSplits[static_cast<size_t>(split)]; }
const char* to_string(Origin origin) { return kOrigins[static_cast<size_t>(origin)]; }
Origin origin_from(const std::string& text) { return from<Origin>(kOrigins, text); }
const char* to_string(TrialState state) { return kStates[static_cast<size_t>(state)]; }
TrialState trial_state_from(const std::string& text) { return from<TrialState>(kStates, text); }

const Metric* find_metric(std::span<const Metric> metrics, std::string_view name) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

void set_metric(std::vector<Metric>& metrics, std::string_view name, double value) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.name == name; });
  if (found == metrics.end())
    metrics.push_back({.name = std::string(name), .value = value});
  else
    found->value = value;
}

bool History::contains(const Configuration& configuration) const {
  if (known != nullptr) return known->contains(configuration);
  const auto is_it = [&](const TrialRequest& request) { return request.configuration == configuration; };
  return std::any_of(finished.begin(), finished.end(), [&](const Evaluation& e) { return is_it(e.request); }) ||
         std::any_of(running.begin(), running.end(), is_it);
}

size_t History::distinct() const {
  if (known != nullptr) return known->size();
  ConfigurationSet all;
  for (const Evaluation& e : finished) all.insert(e.request.configuration);
  for (const TrialRequest& r : running) all.insert(r.configuration);
  return all.size();
}

}  // namespace dsnn
