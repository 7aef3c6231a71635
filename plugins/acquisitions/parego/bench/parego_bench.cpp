// Time of one suggestion at N finished trials: the overhead problem of the search specification, two objectives, a
// forest of 32 trees per objective fitted anew, 10,000 candidates.
#include <benchmark/benchmark.h>

#include "../parego.h"
#include "../random_forest.h"
#include "plugins/search_loop.h"
#include "plugins/search_problems.h"

namespace {

class Forests : public dsnn::ComponentFactory {
  void* create(dsnn::Kind, const dsnn::ConfigView&) const override {
    return static_cast<dsnn::Surrogate*>(new parego::RandomForest({.trend = true}));
  }
};

void suggest_in(const problems::Problem& problem, benchmark::State& state, int64_t trials) {
  const std::vector<dsnn::Target> targets = minimise({"error", "cost"});
  std::vector<dsnn::Evaluation> finished;
  dsnn::Rng draw(1);
  for (int64_t i = 0; i < trials; ++i) {
    dsnn::Evaluation e;
    e.request.number = i;
    e.request.configuration = problem.space.sample(draw);
    for (double v : problem.evaluate(e.request.configuration)) e.objectives.push_back({.value = v, .std_error = {}});
    finished.push_back(std::move(e));
  }
  const dsnn::Value section = dsnn::parse_json(
      R"({"type":"parego","surrogate":{"type":"random_forest"},"rho":0.05,"random_fraction":0.0,"candidates":10000,
          "initial":{"design":"sobol","size":null,"default":true,"configurations":[]}})");
  const dsnn::Origins origins;
  const Forests forests;
  parego::Parego strategy(dsnn::ConfigView(section, "", origins), forests);
  const dsnn::History history{.space = problem.space, .finished = finished, .running = {}, .targets = targets};
  uint64_t trial = 0;
  for (auto _ : state) {
    dsnn::Rng rng = dsnn::Rng(3).fork("proposal", trial++);
    benchmark::DoNotOptimize(strategy.suggest(history, {.trial_number = trials, .budget = {}}, rng));
  }
}

void suggest(benchmark::State& state) { suggest_in(problems::overhead8(), state, state.range(0)); }

/// {parameters, choices of each, trials}: spaces that must not take longer than a second.
void suggest_wide(benchmark::State& state) {
  suggest_in(problems::wide(static_cast<int>(state.range(0)), static_cast<int>(state.range(1))), state, state.range(2));
}

BENCHMARK(suggest)->Arg(100)->Arg(300)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK(suggest_wide)
    ->Args({1, 1600, 100})
    ->Args({1, 1600, 2000})
    ->Args({1, 20000, 100})
    ->Args({1, 20000, 2000})
    ->Args({200, 50, 100})
    ->Args({200, 50, 2000})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
