#include "dsnn/plugin.h"
#include "dsnn/acquisition.h"
#include "dsnn/config_view.h"

namespace {

/// Changes one parameter of the best configuration so far, and draws a fresh one now and then.
class Mutate : public dsnn::AcquisitionStrategy {
 public:
  explicit Mutate(const dsnn::ConfigView& section)
      : fresh_(section.number("fresh")), attempts_(section.integer("attempts")) {}

  std::optional<dsnn::Configuration> suggest(const dsnn::History& history, const dsnn::Ask&, dsnn::Rng& rng) override {
    const dsnn::Evaluation* best = best_of(history);
    for (int64_t attempt = 0; attempt < attempts_; ++attempt) {
      const bool draw = best == nullptr || history.space.empty() || rng.uniform() < fresh_;
      dsnn::Configuration next =
          draw ? history.space.sample(rng) : mutated(history.space, best->request.configuration, rng);
      if (!known(history, next)) return next;
    }
    return std::nullopt;
  }

 private:
  /// The best finished trial by the first objective; lower is better unless its goal says otherwise.
  static const dsnn::Evaluation* best_of(const dsnn::History& history) {
    const double sign = !history.targets.empty() && history.targets[0].goal == dsnn::Goal::maximize ? -1 : 1;
    const dsnn::Evaluation* best = nullptr;
    for (const dsnn::Evaluation& trial : history.finished) {
      if (trial.state != dsnn::TrialState::complete || trial.objectives.empty()) continue;
      if (best == nullptr || sign * trial.objectives[0].value < sign * best->objectives[0].value) best = &trial;
    }
    return best;
  }

  static dsnn::Configuration mutated(const dsnn::SearchSpace& space, dsnn::Configuration from, dsnn::Rng& rng) {
    const auto chosen = static_cast<size_t>(rng.integer(0, static_cast<int64_t>(space.size()) - 1));
    from.values[space.parameters()[chosen].id] = space.value_at(chosen, rng.uniform());
    return space.repaired(from);
  }

  static bool known(const dsnn::History& history, const dsnn::Configuration& configuration) {
    for (const dsnn::Evaluation& trial : history.finished) {
      if (trial.request.configuration == configuration) return true;
    }
    for (const dsnn::TrialRequest& trial : history.running) {
      if (trial.configuration == configuration) return true;
    }
    return false;
  }

  double fresh_;
  int64_t attempts_;
};

constexpr auto kSchema =
    dsnn::schema("acme.mutate", "Changes one parameter of the best configuration so far")
        .number("fresh", {.value = 0.2, .min = 0.0, .max = 1.0, .doc = "Share of suggestions drawn at random"})
        .integer("attempts", {.value = 1000, .min = 1, .doc = "Tries before the space counts as exhausted"});

}  // namespace

DSNN_PLUGIN("acme", "1.0.0", "MIT", dsnn::component<Mutate>(kSchema));
