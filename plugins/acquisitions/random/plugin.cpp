#include "dsnn/plugin.h"
#include "dsnn/acquisition.h"

namespace {

/// Uniform draws without repetition.
class Random : public dsnn::AcquisitionStrategy {
 public:
  std::optional<dsnn::Configuration> suggest(const dsnn::History& history, const dsnn::Ask&, dsnn::Rng& rng) override {
    const std::optional<double> size = history.space.count();
    // A configuration from elsewhere may lie outside the space, so their number alone does not say that it is
    // exhausted.
    if (size && static_cast<double>(history.distinct()) >= *size) return one_of_the_rest(history, rng);
    dsnn::Configuration drawn = history.space.sample(rng);
    for (int tries = 0; tries < kRetries && history.contains(drawn); ++tries) drawn = history.space.sample(rng);
    if (!size || !history.contains(drawn)) return drawn;
    return one_of_the_rest(history, rng);
  }

 private:
  static constexpr int kRetries = 10;
  static constexpr int64_t kMostLooks = 100000;

  /// A uniform choice among the configurations left (of the first 100,000 looked at, in a huge space).
  static std::optional<dsnn::Configuration> one_of_the_rest(const dsnn::History& history, dsnn::Rng& rng) {
    std::optional<dsnn::Configuration> chosen;
    int64_t looked = 0, fresh = 0;
    history.space.enumerate([&](const dsnn::Configuration& c) {
      if (!history.contains(c) && rng.integer(0, fresh++) == 0) chosen = c;
      return ++looked < kMostLooks || !chosen;
    });
    return chosen;
  }
};

constexpr auto kSchema = dsnn::schema("random", "Uniform random search without repetition");

}  // namespace

DSNN_PLUGIN("random", "0.3.0", "Apache-2.0", dsnn::component<Random>(kSchema));
