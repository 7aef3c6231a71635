#include "study/lineage.h"

#include <filesystem>
#include <fstream>

#include "framework/study/loop_fixture.h"

namespace dsnn::study {
namespace {

namespace fs = std::filesystem;

/// Trial 1 at 3 epochs, then the same configuration at 9.
class Ladder : public FidelityScheduler {
 public:
  void start(const SchedulerSetup&) override {}
  std::vector<RungPlan> plan() const override { return {}; }
  std::optional<TrialRequest> next(Proposer& propose) override {
    TrialRequest request;
    request.number = propose.next_number();
    if (request.number == 1) {
      request.root = 1;
      request.configuration = *propose.propose({.trial_number = 1, .budget = {}});
      request.budget.value = {3};
      return request;
    }
    if (!observed_ || request.number > 2) return std::nullopt;
    request.root = 1;
    request.parent = 1;
    request.origin = Origin::promoted;
    request.budget.value = {9};
    return request;
  }
  void observe(const Evaluation&) override { observed_ = true; }
  bool exhausted() const override { return false; }
  bool may_promote(int64_t) const override { return true; }

 private:
  bool observed_ = false;
};

class LineageTest : public LoopTest {
 protected:
  LineageTest() {
    runner_.before = [this](const Assignment& assignment, RunnerEvents& events) { report(assignment, events); };
    runner_.evaluate = [this](const Assignment& assignment) {
      Outcome out;
      out.evaluation.metrics = {{"validation.error", assignment.request.number == 1 ? 0.25 : 0.20},
                                {"validation.loss", 1}};
      out.evaluation.checkpoint = "trials/" + std::to_string(assignment.request.number);
      if (keeps_checkpoints_) {
        fs::create_directories(folder_.path() / out.evaluation.checkpoint);
        std::ofstream(folder_.path() / out.evaluation.checkpoint / "checkpoint.json") << "{}";
      }
      return out;
    };
  }

  config::ExperimentSpec spec(bool continues, const std::string& at) const {
    config::ExperimentSpec out = spec_of_x(3);
    out.objectives = {{.name = "error", .metric = "validation.error", .at = at}};
    out.fidelity = config::Fidelity{.axes = {"training.epochs"}, .names = {"epochs"}, .min = {3}, .max = {9}};
    out.fidelity->continue_from_checkpoint = continues;
    return out;
  }

  /// The child's value of the objective: trial 1 had 0.30, 0.10, 0.25 in its three epochs, the child ends at 0.20.
  double child(const config::ExperimentSpec& spec) {
    Ladder ladder;
    run(spec, runner_, ladder);
    return records_.at(2).objectives.at(0).value;
  }

  FakeRunner runner_{1, 1};
  bool keeps_checkpoints_ = true;
  bool starts_anew_ = false;  ///< the worker finds its parent's checkpoint damaged

 private:
  void report(const Assignment& assignment, RunnerEvents& events) const {
    if (assignment.request.number == 0) return;
    const bool is_parent = assignment.request.number == 1;
    const bool anew = is_parent || starts_anew_ || !assignment.request.start_from;
    const std::vector<double> parents = {0.30, 0.10, 0.25};
    for (int64_t epoch = anew ? 1 : 4; epoch <= (is_parent ? 3 : 9); ++epoch) {
      const double error =
          is_parent ? parents[static_cast<size_t>(epoch - 1)] : 0.20 + 0.01 * static_cast<double>(9 - epoch);
      events.epochs.push_back({.number = assignment.request.number,
                               .attempt = assignment.attempt,
                               .step = epoch,
                               .metrics = {{"validation.error", error}},
                               .wall_seconds = 0});
    }
  }
};

TEST_F(LineageTest, AtBestOfAContinuedTrialLooksAtItsParentsEpochs) { EXPECT_EQ(child(spec(true, "best")), 0.10); }

TEST_F(LineageTest, AtBestNeverTakesAValueOfAnotherTraining) {
  EXPECT_EQ(child(spec(false, "best")), 0.20);
  EXPECT_EQ(records_.at(1).objectives.at(0).value, 0.10);
}

TEST_F(LineageTest, AtPeakNeverTakesAValueOfAnotherTraining) { EXPECT_EQ(child(spec(false, "peak")), 0.20); }

TEST_F(LineageTest, ATrialWhoseParentsCheckpointIsGoneIsATrainingOfItsOwn) {
  keeps_checkpoints_ = false;
  EXPECT_EQ(child(spec(true, "best")), 0.20);
  EXPECT_EQ(records_.at(2).request.start_from, std::nullopt);
}

TEST_F(LineageTest, ATrialWhoseParentsCheckpointIsDamagedIsATrainingOfItsOwn) {
  starts_anew_ = true;
  EXPECT_EQ(child(spec(true, "best")), 0.20);
  EXPECT_EQ(store_->trials().at(2).request.start_from, std::nullopt);
}

TEST_F(LineageTest, OnlyATrainingThatWentOnIsChargedForWhatCameBefore) {
  std::vector<size_t> ancestors;
  account_ = [&](Evaluation& evaluation, const std::vector<const store::TrialRecord*>& before) {
    evaluation.resource_spent = evaluation.request.number == 2 && before.empty() ? 1.0 : 0.5;
    ancestors.push_back(before.size());
  };
  child(spec(true, "last"));
  EXPECT_EQ(ancestors, (std::vector<size_t>{0, 0, 1}));
  EXPECT_EQ(store_->trials().at(2).resource, 1.0);
  fs::remove(folder_.path() / "study.sqlite");
  ancestors.clear();
  child(spec(false, "last"));
  EXPECT_EQ(ancestors, (std::vector<size_t>{0, 0, 0}));
  EXPECT_EQ(store_->trials().at(2).resource, 1.0);  // not 1.5
}

TEST_F(LineageTest, CurvesAreThoseOfTheTrainingAlone) {
  child(spec(true, "last"));
  EXPECT_EQ(trained_history(*store_, records_, 2).size(), 9u);
  EXPECT_EQ(trained_lineage(records_, 2).size(), 2u);
  fs::remove(folder_.path() / "study.sqlite");
  child(spec(false, "last"));
  EXPECT_EQ(trained_history(*store_, records_, 2).size(), 9u);
  EXPECT_EQ(trained_history(*store_, records_, 2).front().value, 0.28);
  EXPECT_EQ(trained_lineage(records_, 2).size(), 1u);
}

}  // namespace
}  // namespace dsnn::study
