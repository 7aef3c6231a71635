#include "execution/forked_acquisition.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <stdexcept>

#include "dsnn/rng.h"

namespace dsnn::execution {
namespace {

class Strategy : public AcquisitionStrategy {
 public:
  using Suggest = std::function<std::optional<Configuration>(Rng&)>;
  explicit Strategy(Suggest suggest) : suggest_(std::move(suggest)) {}
  std::optional<Configuration> suggest(const History&, const Ask&, Rng& rng) override { return suggest_(rng); }

 private:
  Suggest suggest_;
};

std::optional<Configuration> asked(Strategy::Suggest suggest, StopSignals* stop = nullptr) {
  ForkedAcquisition acquisition(std::make_unique<Strategy>(std::move(suggest)), stop);
  const SearchSpace space;
  const std::vector<Target> targets;
  Rng rng(7);
  return acquisition.suggest({.space = space, .finished = {}, .running = {}, .targets = targets},
                             {.trial_number = 3, .budget = {}}, rng);
}

std::string refusal(Strategy::Suggest suggest) {
  try {
    asked(std::move(suggest));
  } catch (const std::exception& e) {
    return e.what();
  }
  return "it proposed";
}

TEST(ForkedAcquisition, BringsBackWhatWasProposed) {
  const auto suggest = [](Rng& rng) {
    Configuration out;
    out.values = {{"lr", Value(0.1 * rng.uniform())}, {"layers", Value(int64_t{3})}, {"kind", Value("a\"b")}};
    return out;
  };
  Rng rng(7);
  EXPECT_EQ(asked(suggest), suggest(rng));
  EXPECT_EQ(asked([](Rng&) { return std::optional<Configuration>(); }), std::nullopt);
}

TEST(ForkedAcquisition, AStopRequestEndsAProposalThatWouldLastForEver) {
  StopSignals stop;
  ::raise(SIGTERM);
  const auto for_ever = [](Rng&) -> std::optional<Configuration> {
    while (true) ::pause();
  };
  EXPECT_EQ(asked(for_ever, &stop), std::nullopt);
  EXPECT_EQ(stop.count(), 1);
}

TEST(ForkedAcquisition, WhatTheStrategyThrowsIsThrownHere) {
  const auto complain = [](Rng&) -> std::optional<Configuration> {
    throw ConfigError(SourceLocation{"acquisition.initial"}, "no such parameter", "name one");
  };
  try {
    asked(complain);
    FAIL() << "it proposed";
  } catch (const ConfigError& e) {
    EXPECT_EQ(e.diagnostics().at(0).where.file, "acquisition.initial");
    EXPECT_EQ(e.diagnostics().at(0).message, "no such parameter");
  }
  EXPECT_EQ(refusal([](Rng&) -> std::optional<Configuration> { throw std::out_of_range("index 9"); }), "index 9");
  EXPECT_EQ(refusal([](Rng&) -> std::optional<Configuration> { throw PluginError("no forest"); }), "no forest");
}

TEST(ForkedAcquisition, KilledFromOutsideItIsAskedAgain) {
  void* shared = ::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  int& calls = *static_cast<int*>(shared);
  const auto suggest = [&](Rng&) -> std::optional<Configuration> {
    if (++calls < 3) ::raise(SIGKILL);
    return Configuration();
  };
  EXPECT_EQ(asked(suggest), Configuration());
  EXPECT_EQ(calls, 3);
  ::munmap(shared, sizeof(int));
}

TEST(ForkedAcquisition, ACrashIsAnErrorThatNamesTheTrial) {
  EXPECT_EQ(refusal([](Rng&) -> std::optional<Configuration> {
              ::raise(SIGKILL);
              return std::nullopt;
            }),
            "the acquisition strategy ended by signal Killed while it proposed trial 3");
  EXPECT_EQ(refusal([](Rng&) -> std::optional<Configuration> { ::_exit(0); }),
            "the acquisition strategy ended the process while it proposed trial 3");
}

}  // namespace
}  // namespace dsnn::execution
