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

void suggest(benchmark::State& state) {
  const problems::Problem problem = problems::overhead8();
  const std::vector<dsnn::Target> targets = minimise({"error", "cost"});
  std::vector<dsnn::Evaluation> finished;
  dsnn::Rng draw(1);
  for (int64_t i = 0; i < state.range(0); ++i) {
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
    benchmark::DoNotOptimize(strategy.suggest(history, {.trial_number = state.range(0), .budget = {}}, rng));
  }
}
BENCHMARK(suggest)->Arg(100)->Arg(300)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
