#include "parego.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "encoded_space.h"
#include "initial_design.h"
#include "observations.h"
#include "random_forest.h"
#include "scalarisation.h"

namespace parego {
namespace {

constexpr int kRetries = 10;    // replacements of a duplicate before a random configuration is taken
constexpr size_t kStarts = 10;  // of the local search
constexpr int kLocalSteps = 12;
constexpr size_t kNumberSteps = 4;       // neighbours per number
constexpr size_t kMostNeighbours = 512;  // of more, kDrawnNeighbours are drawn
constexpr size_t kDrawnNeighbours = 128;
constexpr size_t kElite = 10;  // observed configurations that candidates are bred from, beside the front
constexpr double kBred = 0.5;  // share of the candidates bred from them

/// Equal but for the last digits that a trip through the unit cube costs a number of a continuum.
bool same(const dsnn::SearchSpace& space, const dsnn::Configuration& a, const dsnn::Configuration& b) {
  return a.values.size() == b.values.size() &&
         std::equal(a.values.begin(), a.values.end(), b.values.begin(), [&](const auto& x, const auto& y) {
           if (x.first != y.first) return false;
           if (!x.second.is_float() || !y.second.is_float()) return x.second == y.second;
           const double u = x.second.number(), v = y.second.number();
           if (!(std::abs(u - v) <= 1e-9 * std::max(std::abs(u), std::abs(v)))) return false;
           const int parameter = space.index_of(x.first);
           return u == v || parameter < 0 || space.parameters()[static_cast<size_t>(parameter)].domain.spacing() == 0;
         });
}

bool known(const dsnn::History& history, const dsnn::Configuration& c) {
  if (history.contains(c)) return true;
  const bool exact =
      std::none_of(c.values.begin(), c.values.end(), [](const auto& entry) { return entry.second.is_float(); });
  if (exact) return false;
  return std::any_of(history.finished.begin(), history.finished.end(),
                     [&](const dsnn::Evaluation& e) { return same(history.space, e.request.configuration, c); }) ||
         std::any_of(history.running.begin(), history.running.end(),
                     [&](const dsnn::TrialRequest& r) { return same(history.space, r.configuration, c); });
}

/// A configuration that was not evaluated yet, or nullopt when a finite space has none.
std::optional<dsnn::Configuration> fresh_random(const dsnn::History& history, dsnn::Rng& rng) {
  dsnn::Configuration drawn = history.space.sample(rng);
  for (int tries = 0; tries < kRetries && known(history, drawn); ++tries) drawn = history.space.sample(rng);
  if (!history.space.count() || !known(history, drawn)) return drawn;
  std::optional<dsnn::Configuration> left;
  history.space.enumerate([&](const dsnn::Configuration& c) {
    if (!known(history, c)) left = c;
    return !left;
  });
  return left;
}

/// One model per objective; what they predict of the scalarised objective follows from their moments.
class Models {
 public:
  Models(const dsnn::Surrogate& like, const Observations& seen, std::vector<double> weights, double rho,
         const dsnn::Rng& rng)
      : columns_(seen.columns), weights_(std::move(weights)), rho_(rho) {
    for (size_t j = 0; j < weights_.size(); ++j) models_.push_back(learn(like, seen, j, rng.fork("surrogate", j)));
  }

  std::vector<Normal> predict(std::span<const float> rows) const {
    const size_t n = rows.size() / columns_, m = models_.size();
    std::vector<double> mean(n * m), variance(n * m);
    for (size_t j = 0; j < m; ++j)
      models_[j]->predict(rows, std::span(mean).subspan(j * n, n), std::span(variance).subspan(j * n, n));
    std::vector<Normal> out(n), objectives(m);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < m; ++j) objectives[j] = {.mean = mean[j * n + i], .variance = variance[j * n + i]};
      out[i] = scalarise(objectives, weights_, rho_);
      out[i].variance = std::max(out[i].variance, 1e-7);
    }
    return out;
  }

 private:
  /// Running trials join at their predicted mean.
  static std::unique_ptr<dsnn::Surrogate> learn(const dsnn::Surrogate& like, const Observations& seen, size_t objective,
                                                const dsnn::Rng& rng) {
    std::unique_ptr<dsnn::Surrogate> model = like.fresh();
    std::vector<double> targets(seen.rows());
    for (size_t i = 0; i < targets.size(); ++i) targets[i] = seen.objectives[i][objective];
    model->fit(seen.categories, seen.features, targets, rng);
    if (seen.pending.empty()) return model;
    const size_t running = seen.pending.size() / seen.columns;
    std::vector<double> mean(running), variance(running);
    model->predict(seen.pending, mean, variance);
    std::vector<float> rows = seen.features;
    rows.insert(rows.end(), seen.pending.begin(), seen.pending.end());
    targets.insert(targets.end(), mean.begin(), mean.end());
    model->fit(seen.categories, rows, targets, rng);
    return model;
  }

  size_t columns_;
  std::vector<double> weights_;
  double rho_;
  std::vector<std::unique_ptr<dsnn::Surrogate>> models_;
};

/// The smallest predicted value at full budget among what was tried.
double incumbent(const Models& models, const Observations& seen) {
  std::vector<float> rows = seen.features;
  if (seen.has_budget) {
    for (size_t i = 0; i < seen.rows(); ++i) rows[(i + 1) * seen.columns - 1] = seen.full_budget;
  }
  double best = std::numeric_limits<double>::infinity();
  for (const Normal& p : models.predict(rows)) best = std::min(best, p.mean);
  return best;
}

/// Scores points: log expected improvement at full budget plus log of the probability of success.
class Scorer {
 public:
  Scorer(const EncodedSpace& space, const Observations& seen, const Models& models, const RandomForest* feasibility)
      : space_(space), seen_(seen), models_(models), feasibility_(feasibility), best_(incumbent(models, seen)) {}

  std::vector<double> operator()(std::span<const double> points) const {
    const size_t d = space_.size(), n = points.size() / d;
    std::vector<double> score(n);
    for (size_t first = 0; first < n; first += kBatch) {
      const size_t count = std::min(kBatch, n - first);
      score_batch(points.subspan(first * d, count * d), std::span(score).subspan(first, count));
    }
    return score;
  }

 private:
  static constexpr size_t kBatch = 2048;  ///< what is made for as many points stays in the cache

  void score_batch(std::span<const double> points, std::span<double> score) const {
    const size_t d = space_.size(), n = score.size();
    std::vector<float> rows(n * seen_.columns);
    for (size_t i = 0; i < n; ++i) {
      const std::span<float> row(&rows[i * seen_.columns], seen_.columns);
      space_.features(points.subspan(i * d, d), row);
      if (seen_.has_budget) row.back() = seen_.full_budget;
    }
    const std::vector<Normal> predicted = models_.predict(rows);
    for (size_t i = 0; i < n; ++i) score[i] = log_expected_improvement(predicted[i].mean, predicted[i].variance, best_);
    if (feasibility_ != nullptr) add_feasibility(rows, score);
  }

  void add_feasibility(const std::vector<float>& rows, std::span<double> score) const {
    const size_t d = space_.size(), n = score.size();
    std::vector<float> plain(n * d);
    for (size_t i = 0; i < n; ++i) std::copy_n(&rows[i * seen_.columns], d, &plain[i * d]);
    std::vector<double> probability(n), variance(n);
    feasibility_->predict(plain, probability, variance);
    for (size_t i = 0; i < n; ++i) score[i] += std::log(std::max(probability[i], 1e-9));
  }

  const EncodedSpace& space_;
  const Observations& seen_;
  const Models& models_;
  const RandomForest* feasibility_;
  double best_;
};

std::vector<size_t> best_first(const std::vector<double>& score, size_t count) {
  std::vector<size_t> order(score.size());
  std::iota(order.begin(), order.end(), size_t{0});
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](size_t a, size_t b) { return score[a] != score[b] ? score[a] > score[b] : a < b; });
  order.resize(count);
  return order;
}

/// Points bred from the best for this weight and from the front, then random ones.
std::vector<double> candidates(const EncodedSpace& space, const Observations& seen, const std::vector<double>& targets,
                               size_t count, dsnn::Rng rng) {
  const size_t d = space.size();
  std::vector<double> points(count * d);
  std::vector<double> minus(targets.size());
  std::transform(targets.begin(), targets.end(), minus.begin(), [](double y) { return -y; });
  std::vector<size_t> parents = best_first(minus, kElite);
  parents.insert(parents.end(), seen.front.begin(), seen.front.end());
  const auto bred = static_cast<size_t>(kBred * static_cast<double>(count));
  for (size_t i = 0; i < count; ++i) {
    const std::span<double> point(&points[i * d], d);
    if (i >= bred) {
      space.random(point, rng);
      continue;
    }
    std::copy_n(&seen.points[parents[i % parents.size()] * d], d, point.begin());
    const bool far = (i / parents.size()) % 2 == 0;
    space.mutate(point, 2.0 / static_cast<double>(d), far ? 0.2 : 0.05, rng);
  }
  return points;
}

/// One-exchange neighbours of a point, appended to `out`: every other choice, four steps of each number; a random part
/// of them in a space where they are very many.
void neighbours(const EncodedSpace& space, std::span<const double> point, double sd, dsnn::Rng& rng,
                std::vector<double>& out) {
  const auto add = [&]() -> std::span<double> {
    out.insert(out.end(), point.begin(), point.end());
    return {out.data() + out.size() - point.size(), point.size()};
  };
  if (space.exchanges(kNumberSteps) > kMostNeighbours) {
    const auto last = static_cast<int64_t>(space.size()) - 1;
    for (size_t k = 0; k < kDrawnNeighbours; ++k)
      space.change(add(), static_cast<size_t>(rng.integer(0, last)), sd, rng);
    return;
  }
  for (size_t p = 0; p < space.size(); ++p) {
    if (space.choices(p) > 0) {
      const int now = static_cast<int>(point[p] * space.choices(p));
      for (int c = 0; c < space.choices(p); ++c) {
        if (c != now) space.choose(add(), p, c);
      }
    } else {
      for (size_t k = 0; k < kNumberSteps; ++k) space.change(add(), p, sd, rng);
    }
  }
}

/// Hill climbing by one-exchange from each start; the points it ends at, with their scores.
void climb(const EncodedSpace& space, const Scorer& score, std::vector<double>& points, std::vector<double>& scores,
           dsnn::Rng rng) {
  const size_t d = space.size(), starts = scores.size();
  std::vector<bool> active(starts, true);
  double sd = 0.1;
  for (int step = 0; step < kLocalSteps; ++step, sd *= 0.85) {
    std::vector<double> around;
    std::vector<std::pair<size_t, size_t>> range(starts);
    for (size_t s = 0; s < starts; ++s) {
      range[s].first = around.size() / d;
      if (active[s]) neighbours(space, std::span<const double>(&points[s * d], d), sd, rng, around);
      range[s].second = around.size() / d;
    }
    if (around.empty()) return;
    const std::vector<double> values = score(around);
    for (size_t s = 0; s < starts; ++s) {
      bool improved = false;
      for (size_t i = range[s].first; i < range[s].second; ++i) {
        if (!(values[i] > scores[s])) continue;
        scores[s] = values[i];
        std::copy_n(&around[i * d], d, &points[s * d]);
        improved = true;
      }
      active[s] = improved;
    }
  }
}

/// The feasibility model, or nothing while there is only one kind of outcome.
std::optional<RandomForest> feasibility_model(const EncodedSpace& space, const Observations& seen,
                                              const dsnn::Rng& rng) {
  const double good = std::accumulate(seen.succeeded.begin(), seen.succeeded.end(), 0.0);
  if (good == 0 || good == static_cast<double>(seen.succeeded.size())) return std::nullopt;
  RandomForest forest({.trees = 32,
                       .min_split = 3,
                       .min_leaf = 1,
                       .features = 5.0 / 6.0,
                       .bootstrap = true,
                       .smoothing = 2,
                       .trend = false});
  forest.fit(space.categories(), seen.outcomes, seen.succeeded, rng.fork("feasibility"));
  return forest;
}

}  // namespace

Parego::Parego(const dsnn::ConfigView& section, const dsnn::ComponentFactory& factory)
    : surrogate_(factory.make<dsnn::Surrogate>(section.section("surrogate"))),
      rho_(section.number("rho")),
      random_fraction_(section.number("random_fraction")),
      candidates_(static_cast<size_t>(section.integer("candidates"))) {
  const dsnn::ConfigView initial = section.section("initial");
  sobol_ = initial.string("design") == "sobol";
  with_default_ = initial.boolean("default");
  if (initial.has("size")) initial_size_ = initial.integer("size");
  for (const dsnn::ConfigView& item : initial.sections("configurations")) {
    first_.push_back(dsnn::Configuration::from_json(item.value()));
  }
}

int64_t Parego::initial_size(const dsnn::SearchSpace& space) const {
  const auto automatic = static_cast<int64_t>(std::clamp<size_t>(space.size(), 8, 10));  // small: models help early
  return std::max(initial_size_.value_or(automatic), static_cast<int64_t>(first_.size()));
}

dsnn::Configuration Parego::initial(const dsnn::SearchSpace& space, size_t index, dsnn::Rng& rng) const {
  if (index < first_.size()) return space.repaired(first_[index]);
  index -= first_.size();
  if (with_default_ && index-- == 0) return space.default_configuration();
  if (!sobol_) return space.sample(rng);
  return space.decode(sobol_point(index, space.size(), dsnn::hash64(rng.seed(), "initial design")));
}

std::vector<dsnn::Configuration> Parego::ranked(const dsnn::History& history, const dsnn::Ask& ask,
                                                const dsnn::Rng& rng) const {
  const EncodedSpace space(history.space);
  const Observations seen = observe(history, ask, space, rng.fork("inactive"));
  if (seen.rows() < 2) return {};
  dsnn::Rng draw = rng.fork("weights");
  const std::vector<double> weights = draw_weights(seen.objectives.front().size(), draw);
  std::vector<double> targets(seen.rows());
  for (size_t i = 0; i < targets.size(); ++i) targets[i] = scalarise(seen.objectives[i], weights, rho_);
  const Models models(*surrogate_, seen, weights, rho_, rng);
  const std::optional<RandomForest> feasibility = feasibility_model(space, seen, rng);
  const Scorer score(space, seen, models, feasibility ? &*feasibility : nullptr);

  const size_t d = space.size();
  const std::vector<double> points = candidates(space, seen, targets, candidates_, rng.fork("candidates"));
  const std::vector<double> scores = score(points);
  std::vector<double> starts, start_scores;
  for (size_t i : best_first(scores, kStarts)) {
    starts.insert(starts.end(), points.begin() + static_cast<std::ptrdiff_t>(i * d),
                  points.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
    start_scores.push_back(scores[i]);
  }
  climb(space, score, starts, start_scores, rng.fork("local search"));

  std::vector<dsnn::Configuration> out;
  for (size_t i : best_first(start_scores, kStarts)) out.push_back(space.configuration({&starts[i * d], d}));
  for (size_t i : best_first(scores, kRetries + 1)) out.push_back(space.configuration({&points[i * d], d}));
  return out;
}

std::optional<dsnn::Configuration> Parego::suggest(const dsnn::History& history, const dsnn::Ask& ask, dsnn::Rng& rng) {
  const auto index = static_cast<size_t>(proposals(history));
  for (size_t i = index; i < static_cast<size_t>(initial_size(history.space)); ++i) {
    dsnn::Configuration c = initial(history.space, i, rng);
    if (!known(history, c)) return c;
  }
  if (rng.fork("interleave").uniform() < random_fraction_) return fresh_random(history, rng);
  int retries = 0;
  for (dsnn::Configuration& c : ranked(history, ask, rng)) {
    if (!known(history, c)) return std::move(c);
    if (++retries > kRetries) break;
  }
  return fresh_random(history, rng);
}

}  // namespace parego
