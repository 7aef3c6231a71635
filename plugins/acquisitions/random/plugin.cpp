#include <set>
#include <string>

#include "dsnn/acquisition.h"
#include "dsnn/plugin.h"

namespace {

/// Uniform draws without repetition.
class Random : public dsnn::AcquisitionStrategy {
 public:
  std::optional<dsnn::Configuration> suggest(const dsnn::History& history, const dsnn::Ask&, dsnn::Rng& rng) override {
    std::set<std::string> known;
    const auto add = [&](const dsnn::Configuration& c) {
      if (history.space.repaired(c) == c) known.insert(c.to_json());  // one from elsewhere exhausts nothing
    };
    for (const dsnn::Evaluation& e : history.finished) add(e.request.configuration);
    for (const dsnn::TrialRequest& r : history.running) add(r.configuration);
    const std::optional<double> size = history.space.count();
    if (size && static_cast<double>(known.size()) >= *size) return std::nullopt;
    dsnn::Configuration drawn = history.space.sample(rng);
    for (int tries = 0; tries < kRetries && known.count(drawn.to_json()) > 0; ++tries)
      drawn = history.space.sample(rng);
    if (!size || known.count(drawn.to_json()) == 0) return drawn;
    return one_of_the_rest(history.space, known, rng);
  }

 private:
  static constexpr int kRetries = 10;
  static constexpr int64_t kMostLooks = 100000;

  /// A uniform choice among the configurations left (of the first 100,000 looked at, in a huge space).
  static std::optional<dsnn::Configuration> one_of_the_rest(const dsnn::SearchSpace& space,
                                                            const std::set<std::string>& known, dsnn::Rng& rng) {
    std::optional<dsnn::Configuration> chosen;
    int64_t looked = 0, fresh = 0;
    space.enumerate([&](const dsnn::Configuration& c) {
      if (known.count(c.to_json()) == 0 && rng.integer(0, fresh++) == 0) chosen = c;
      return ++looked < kMostLooks || !chosen;
    });
    return chosen;
  }
};

constexpr auto kSchema = dsnn::schema("random", "Uniform random search without repetition");

}  // namespace

DSNN_PLUGIN("random", "0.3.0", "Apache-2.0", dsnn::component<Random>(kSchema));
