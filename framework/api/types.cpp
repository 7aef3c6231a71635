#include "dsnn/types.h"

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

}  // namespace dsnn
