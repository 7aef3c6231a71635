// search_quality PROBLEM [ACQUISITION [SEEDS [EVALUATIONS]]]: mean normalised hypervolume at the checkpoints of the
// search specification, with its standard error. PROBLEM shift10c-mf runs hyperband and counts full-training
// equivalents instead.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "plugins/search_loop.h"
#include "plugins/search_problems.h"
#include "support/components.h"

namespace {

using problems::Objectives;

struct Trace {
  std::map<int, double> at;  ///< checkpoint -> normalised hypervolume
  double ms_per_trial = 0;
  size_t trials = 0;
};

Trace run(const problems::Problem& problem, bool fidelity, const std::string& acquisition_name, uint64_t seed,
          int limit, size_t window, const std::vector<int>& checkpoints) {
  dsnn::test::Components plugins;
  const auto scheduler = plugins.make<dsnn::FidelityScheduler>(fidelity ? "hyperband" : "full",
                                                               dsnn::Value(dsnn::Value::Map{{"min", 1.0}}));
  const auto acquisition = plugins.make<dsnn::AcquisitionStrategy>(acquisition_name);
  const std::vector<dsnn::Target> targets = minimise({"error", "cost"});
  dsnn::SchedulerSetup setup{
      .min = {}, .max = {}, .eta = 3, .continue_from_checkpoint = true, .targets = targets, .seed = seed};
  if (fidelity) setup.min = {1.0}, setup.max = {27.0};
  scheduler->start(setup);

  Trace trace;
  std::vector<Objectives> top;
  double spent = 0;
  size_t next = 0;
  SearchLoop loop(problem.space, targets, *scheduler, *acquisition, seed);
  const auto evaluate = [&](dsnn::Evaluation& e) {
    const Objectives full = problem.evaluate(e.request.configuration);
    const double epochs = fidelity ? e.request.budget.value[0] : 27.0;
    const Objectives seen = fidelity ? problems::shift10c_at(full, epochs) : full;
    e.objectives = {{.value = seen[0], .std_error = {}}, {.value = seen[1], .std_error = {}}};
    spent += e.request.budget.resource;
    if (epochs == 27.0) top.push_back(full);
    while (next < checkpoints.size() && spent >= checkpoints[next] - 1e-9) {
      trace.at[checkpoints[next++]] = problems::hypervolume(top, problem.reference) / problem.hypervolume;
    }
  };
  const std::clock_t started = std::clock();  // CPU time: other programs do not count
  loop.run(window, evaluate, [&](const SearchLoop&) { return spent >= limit - 1e-9; });
  trace.trials = loop.finished().size();
  trace.ms_per_trial =
      1e3 * static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC / static_cast<double>(trace.trials);
  return trace;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "shift10c-mf";
  const std::string acquisition = argc > 2 ? argv[2] : "parego";
  const int seeds = argc > 3 ? std::atoi(argv[3]) : 5;
  const bool fidelity = name == "shift10c-mf";
  const int limit = argc > 4 ? std::atoi(argv[4]) : fidelity ? 40 : 100;
  const size_t window = argc > 5 ? static_cast<size_t>(std::atoi(argv[5])) : 1;
  const problems::Problem all[] = {problems::shift10c(), problems::zdt(1),          problems::zdt(2),
                                   problems::dtlz2(),    problems::branin_currin(), problems::kursawe()};
  const problems::Problem* problem = &all[0];
  for (const problems::Problem& p : all) {
    if (p.name == name) problem = &p;
  }
  const std::vector<int> checkpoints =
      fidelity ? std::vector<int>{10, 20, 40} : std::vector<int>{20, 30, 50, 75, 100, 150, 200};
  std::map<int, double> sum, squares;
  double ms = 0, trials = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    const Trace trace = run(*problem, fidelity, acquisition, static_cast<uint64_t>(seed), limit, window, checkpoints);
    for (const auto& [at, value] : trace.at) sum[at] += value, squares[at] += value * value;
    ms += trace.ms_per_trial;
    trials += static_cast<double>(trace.trials);
  }
  std::printf("%s %s (%d seeds, window %zu):", name.c_str(), acquisition.c_str(), seeds, window);
  for (const auto& [at, value] : sum) {
    const double mean = value / seeds, variance = squares[at] / seeds - mean * mean;
    std::printf("  %d: %.4f +- %.4f", at, mean, std::sqrt(std::max(variance, 0.0) / std::max(seeds - 1, 1)));
  }
  std::printf("  | %.2f ms a trial, %.0f trials\n", ms / seeds, trials / seeds);
  return 0;
}
