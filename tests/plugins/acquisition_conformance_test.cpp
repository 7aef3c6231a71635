#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "plugins/search_loop.h"
#include "plugins/search_problems.h"
#include "support/components.h"

namespace {

using dsnn::AcquisitionStrategy;
using dsnn::Configuration;
using dsnn::Evaluation;
using dsnn::Value;

std::vector<std::string> every_acquisition() {
  std::vector<std::string> out;
  const dsnn::test::Components plugins;
  for (const auto* info : plugins.catalog().of(dsnn::Kind::acquisition)) out.push_back(info->name);
  return out;
}

/// Finished trials of a problem at random configurations, number by number.
std::vector<Evaluation> random_history(const problems::Problem& problem, int64_t count, uint64_t seed = 5) {
  std::vector<Evaluation> out;
  dsnn::Rng rng(seed);
  for (int64_t i = 0; i < count; ++i) {
    Evaluation e;
    e.request.number = e.request.root = i;
    e.request.configuration = problem.space.sample(rng);
    for (double v : problem.evaluate(e.request.configuration)) e.objectives.push_back({.value = v, .std_error = {}});
    out.push_back(std::move(e));
  }
  return out;
}

dsnn::Rng stream(int64_t trial) { return dsnn::Rng(11).fork("proposal", static_cast<uint64_t>(trial)); }

Value fast() { return Value(Value::Map{{"candidates", 500}}); }

class AcquisitionConformance : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<AcquisitionStrategy> make(const Value& given = Value::map()) {
    return plugins_.make<AcquisitionStrategy>(GetParam(), given);
  }
  dsnn::test::Components plugins_;
  problems::Problem problem_ = problems::shift10c();
  std::vector<dsnn::Target> targets_ = minimise({"error", "cost"});
};
INSTANTIATE_TEST_SUITE_P(Plugins, AcquisitionConformance, testing::ValuesIn(every_acquisition()));

TEST_P(AcquisitionConformance, IsAFunctionOfHistoryAskAndStream) {
  const std::vector<Evaluation> finished = random_history(problem_, 30);
  const std::vector<dsnn::TrialRequest> running = {random_history(problem_, 1, 9)[0].request};
  const dsnn::History history{.space = problem_.space, .finished = finished, .running = running, .targets = targets_};
  const auto used = make(fast());
  for (int64_t trial = 31; trial < 34; ++trial) {  // a used object and a fresh one agree
    dsnn::Rng a = stream(trial), b = stream(trial);
    const auto again = make(fast());
    EXPECT_EQ(used->suggest(history, {.trial_number = trial, .budget = {}}, a),
              again->suggest(history, {.trial_number = trial, .budget = {}}, b));
  }
}

/// Work that grows with the square or cube of the number of choices does not come back from these.
TEST_P(AcquisitionConformance, AnswersInSpacesFarLargerThanOrdinaryOnes) {
  const auto strategy = make(fast());
  for (const problems::Problem& problem : {problems::wide(1, 20000), problems::wide(150, 50)}) {
    const std::vector<Evaluation> finished = random_history(problem, 60);
    const dsnn::History history{.space = problem.space, .finished = finished, .running = {}, .targets = targets_};
    dsnn::Rng rng = stream(60);
    const auto suggestion = strategy->suggest(history, {.trial_number = 60, .budget = {}}, rng);
    ASSERT_TRUE(suggestion.has_value());
    EXPECT_EQ(problem.space.repaired(*suggestion), *suggestion);
    EXPECT_FALSE(history.contains(*suggestion));
  }
}

TEST_P(AcquisitionConformance, SuggestsOnlyPointsOfTheSpace) {
  const auto strategy = make(fast());
  for (int64_t n : {0, 1, 2, 40}) {
    const std::vector<Evaluation> finished = random_history(problem_, n);
    const dsnn::History history{.space = problem_.space, .finished = finished, .running = {}, .targets = targets_};
    dsnn::Rng rng = stream(n);
    const auto suggestion = strategy->suggest(history, {.trial_number = n, .budget = {}}, rng);
    ASSERT_TRUE(suggestion.has_value());
    EXPECT_EQ(problem_.space.repaired(*suggestion), *suggestion);
  }
}

/// Runs until nothing is left to try; how many configurations that were, none of them twice.
size_t visited(const dsnn::SearchSpace& space, AcquisitionStrategy& strategy,
               const std::vector<dsnn::Target>& targets) {
  dsnn::test::Components plugins;
  const auto scheduler = plugins.make<dsnn::FidelityScheduler>("full");
  scheduler->start({.min = {}, .max = {}, .targets = targets, .seed = 1});
  SearchLoop loop(space, targets, *scheduler, strategy, 3);
  std::set<std::string> seen;
  loop.run(
      3,
      [&](Evaluation& e) {
        EXPECT_TRUE(seen.insert(e.request.configuration.to_json()).second) << e.request.configuration.to_json();
        EXPECT_EQ(space.repaired(e.request.configuration), e.request.configuration);
        const double x = static_cast<double>(seen.size());
        e.objectives = {{.value = std::sin(x), .std_error = {}}, {.value = std::cos(x), .std_error = {}}};
      },
      [](const SearchLoop&) { return false; });
  EXPECT_TRUE(scheduler->exhausted());
  return seen.size();
}

TEST_P(AcquisitionConformance, VisitsAFiniteSpaceOnceAndThenStops) {
  const dsnn::SearchSpace space({problems::choice("a", {"x", "y"}), problems::when(problems::integer("b", 1, 5), 0, 0),
                                 problems::choice("c", {1, 2})});
  EXPECT_EQ(visited(space, *make(fast()), targets_), 12U);
}

dsnn::Parameter grid(double lo, double hi, double step) {
  dsnn::Parameter p = problems::real("x", lo, hi);
  p.domain.step = step;
  p.default_value = p.domain.value_of(p.domain.count() / 2);
  return p;
}

TEST_P(AcquisitionConformance, VisitsEveryValueOfAGridOnce) {
  dsnn::Parameter logarithmic = problems::integer("n", 1, 12);
  logarithmic.domain.log = true;
  for (const dsnn::Parameter& p : {grid(0.1, 0.9, 0.1), grid(-0.3, 0.3, 0.05), grid(1, 1 + 9e-12, 1e-12),
                                   grid(1e9, 1e9 + 1, 0.125), problems::integer("n", -3, 8), logarithmic}) {
    const dsnn::SearchSpace space({p});
    EXPECT_EQ(static_cast<double>(visited(space, *make(fast()), targets_)), space.count())
        << dsnn::to_json(space.to_json());
  }
}

TEST_P(AcquisitionConformance, SurvivesFailedDivergedAndInfeasibleTrials) {
  std::vector<Evaluation> finished = random_history(problem_, 24);
  for (size_t i = 0; i < finished.size(); ++i) {
    if (i % 3 == 0) finished[i].state = dsnn::TrialState::failed, finished[i].objectives.clear();
    if (i % 7 == 1) finished[i].state = dsnn::TrialState::diverged, finished[i].objectives[0].value = std::nan("");
    if (i % 11 == 2) finished[i].state = dsnn::TrialState::infeasible, finished[i].objectives.clear();
  }
  const dsnn::History history{.space = problem_.space, .finished = finished, .running = {}, .targets = targets_};
  const auto strategy = make(fast());
  dsnn::Rng rng = stream(24);
  EXPECT_TRUE(strategy->suggest(history, {.trial_number = 24, .budget = {}}, rng).has_value());
  for (Evaluation& e : finished) e.state = dsnn::TrialState::failed, e.objectives.clear();
  EXPECT_TRUE(strategy->suggest(history, {.trial_number = 24, .budget = {}}, rng).has_value());
}

TEST_P(AcquisitionConformance, WorksWithOneAndWithThreeObjectives) {
  for (size_t m : {size_t{1}, size_t{3}}) {
    std::vector<Evaluation> finished = random_history(problem_, 15);
    for (Evaluation& e : finished) e.objectives.resize(m, {.value = e.objectives[0].value * 2, .std_error = {}});
    const std::vector<dsnn::Target> targets = minimise(std::vector<std::string>(m, "f"));
    const dsnn::History history{.space = problem_.space, .finished = finished, .running = {}, .targets = targets};
    dsnn::Rng rng = stream(15);
    EXPECT_TRUE(make(fast())->suggest(history, {.trial_number = 15, .budget = {}}, rng).has_value());
  }
}

TEST_P(AcquisitionConformance, LearnsFromAllRungs) {
  dsnn::test::Components plugins;
  const auto scheduler = plugins.make<dsnn::FidelityScheduler>("hyperband", Value(Value::Map{{"min", 1.0}}));
  scheduler->start({.min = {1}, .max = {9}, .targets = targets_, .seed = 1});
  const auto strategy = make(fast());
  SearchLoop loop(problem_.space, targets_, *scheduler, *strategy, 3);
  loop.run(
      4,
      [&](Evaluation& e) {
        const problems::Objectives f =
            problems::shift10c_at(problem_.evaluate(e.request.configuration), e.request.budget.value[0]);
        e.objectives = {{.value = f[0], .std_error = {}}, {.value = f[1], .std_error = {}}};
      },
      [](const SearchLoop& l) { return l.finished().size() >= 45; });
  EXPECT_EQ(loop.finished().size(), 45U);
}

/// The mean of one parameter over suggestions for different streams.
class Suggestions {
 public:
  Suggestions(AcquisitionStrategy& strategy, const dsnn::History& history) {
    for (int64_t i = 0; i < 24; ++i) {
      dsnn::Rng rng = stream(100 + i);
      all_.push_back(*strategy.suggest(history, {.trial_number = 100 + i, .budget = {}}, rng));
    }
  }
  template <class Predicate>
  double share(const Predicate& holds) const {
    return static_cast<double>(std::count_if(all_.begin(), all_.end(), holds)) / static_cast<double>(all_.size());
  }

 private:
  std::vector<Configuration> all_;
};

TEST(Parego, PrefersTheRegionTheModelFindsGood) {
  const dsnn::SearchSpace space({problems::real("x", 0, 1), problems::choice("kind", {"a", "b"})});
  std::vector<Evaluation> finished;
  dsnn::Rng rng(2);
  for (int64_t i = 0; i < 40; ++i) {
    Evaluation e;
    e.request.number = i;
    e.request.configuration = space.sample(rng);
    const double x = problems::number(e.request.configuration, "x");
    e.objectives = {
        {.value = (x - 0.3) * (x - 0.3) + (e.request.configuration.find("kind")->string() == "a" ? 0.0 : 0.5),
         .std_error = {}}};
    finished.push_back(std::move(e));
  }
  const std::vector<dsnn::Target> targets = minimise({"error"});
  const dsnn::History history{.space = space, .finished = finished, .running = {}, .targets = targets};
  dsnn::test::Components plugins;
  const auto strategy = plugins.make<AcquisitionStrategy>("parego", Value(Value::Map{{"random_fraction", 0.0}}));
  const Suggestions made(*strategy, history);
  EXPECT_GE(made.share([](const Configuration& c) { return c.find("kind")->string() == "a"; }), 0.9);
  EXPECT_GE(made.share([](const Configuration& c) { return std::abs(problems::number(c, "x") - 0.3) < 0.2; }), 0.5);
}

TEST(Parego, AvoidsWhatFails) {
  const dsnn::SearchSpace space({problems::real("x", 0, 1), problems::choice("kind", {"sound", "crashing"})});
  std::vector<Evaluation> finished;
  dsnn::Rng rng(2);
  for (int64_t i = 0; i < 40; ++i) {
    Evaluation e;
    e.request.number = i;
    e.request.configuration = space.sample(rng);
    if (e.request.configuration.find("kind")->string() == "crashing") {
      e.state = dsnn::TrialState::failed;
      e.fail = dsnn::FailKind::exception;
    } else {
      e.objectives = {{.value = problems::number(e.request.configuration, "x"), .std_error = {}}};
    }
    finished.push_back(std::move(e));
  }
  const std::vector<dsnn::Target> targets = minimise({"error"});
  const dsnn::History history{.space = space, .finished = finished, .running = {}, .targets = targets};
  dsnn::test::Components plugins;
  const auto strategy = plugins.make<AcquisitionStrategy>("parego", Value(Value::Map{{"random_fraction", 0.0}}));
  EXPECT_GE(
      Suggestions(*strategy, history).share([](const Configuration& c) { return c.find("kind")->string() == "sound"; }),
      0.95);
}

TEST(Parego, StartsWithGivenConfigurationsThenTheDefault) {
  const problems::Problem problem = problems::shift10c();
  dsnn::test::Components plugins;
  Value given = Value::map();
  given.set("lr", 0.01);
  given.set("depth", 7);
  Value initial = Value::map();
  initial.set("configurations", Value::List{given});
  const auto strategy = plugins.make<AcquisitionStrategy>("parego", Value(Value::Map{{"initial", initial}}));
  const std::vector<dsnn::Target> targets = minimise({"error", "cost"});
  std::vector<Evaluation> finished;
  for (int64_t i = 0; i < 2; ++i) {
    const dsnn::History history{.space = problem.space, .finished = finished, .running = {}, .targets = targets};
    dsnn::Rng rng = stream(i);
    Evaluation e;
    e.request.configuration = *strategy->suggest(history, {.trial_number = i, .budget = {}}, rng);
    e.objectives = {{.value = 1, .std_error = {}}, {.value = 1, .std_error = {}}};
    finished.push_back(std::move(e));
  }
  EXPECT_EQ(*finished[0].request.configuration.find("depth"), Value(7));
  EXPECT_DOUBLE_EQ(problems::number(finished[0].request.configuration, "lr"), 0.01);
  EXPECT_EQ(finished[1].request.configuration, problem.space.default_configuration());
}

}  // namespace
