// What runs, but not as its writer thought, is said once and at its place.
#include <gmock/gmock.h>

#include "load_text.h"

namespace dsnn::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Notes : public NeedsTrain {
 protected:
  static std::vector<std::string> of(const std::string& text) {
    const ExperimentSpec spec = load_one(text);
    std::vector<std::string> out;
    for (const Diagnostic& note : spec.notes) out.push_back(format(note));
    return out;
  }
  static std::string search(const std::string& limits, const std::string& fidelity) {
    return "training: {epochs: 9, optimizer: {type: sgd, lr: {search: {float: [0.1, 0.3]}}}}\n"
           "objectives: [{name: error, metric: validation.error}]\nlimits: {" +
           limits + "}\nfidelity: {" + fidelity + "}\n";
  }
};

TEST_F(Notes, OneRungIsNoLadder) {
  EXPECT_THAT(of(search("trials: 30", "type: hyperband, min: 4")),
              ElementsAre(testing::AllOf(HasSubstr("test.yaml:9:34: warning: there is only one rung"),
                                         HasSubstr("lower min to 3 or less"))));
  EXPECT_THAT(of(search("trials: 30", "type: hyperband, min: 9")), testing::SizeIs(1));
  EXPECT_THAT(of(search("trials: 30", "type: hyperband, min: 3")), IsEmpty());
}

TEST_F(Notes, ALimitBelowTheFirstBracket) {
  // 9 trials of 1 epoch, 3 of 3, 1 of 9, and the default configuration.
  EXPECT_THAT(
      of(search("trials: 13", "type: hyperband, min: 1")),
      ElementsAre(testing::AllOf(HasSubstr("test.yaml:8:18: warning: limits.trials = 13"), HasSubstr("takes 14"))));
  EXPECT_THAT(of(search("trials: 14", "type: hyperband, min: 1")), IsEmpty());
  EXPECT_THAT(of(search("configurations: 9", "type: hyperband, min: 1")), ElementsAre(HasSubstr("takes 10")));
  EXPECT_THAT(of(search("full_trainings: 2", "type: hyperband, min: 1")),
              ElementsAre(HasSubstr("limits.full_trainings")));
  EXPECT_THAT(of(search("epochs: 10", "type: hyperband, min: 1")), ElementsAre(HasSubstr("limits.epochs = 10")));
  EXPECT_THAT(of(search("trials: 8", "type: successive_halving, min: 1, configurations: 4")), IsEmpty());
}

TEST_F(Notes, AStepThatMissesTheEndOfItsRange) {
  const auto domain = [](const std::string& text) {
    return "training: {epochs: 1, gradient_clip: {search: {" + text + "}}}\n" + kGoals;
  };
  EXPECT_THAT(of(domain("float: [0.1, 0.95], step: 0.1")),
              ElementsAre(HasSubstr("note: the steps of this range end at 0.9, before its upper end 0.95")));
  EXPECT_THAT(of(domain("int: [1, 10], step: 4")),
              ElementsAre(HasSubstr("the steps of this range end at 9, before its upper end 10")));
  EXPECT_THAT(of(domain("float: [0.1, 0.9], step: 0.1")), IsEmpty());
}

TEST_F(Notes, LimitsOfATrialInsideTheDriver) {
  const std::string limits = "limits: {trial: {wall: 1s, memory: 1GiB, retries: 1}}\n";
  EXPECT_THAT(of(limits + "execution: {isolation: inline}\n"),
              ElementsAre(HasSubstr("test.yaml:6:24: warning: limits.trial.wall is not kept"),
                          HasSubstr("test.yaml:6:36: warning: limits.trial.memory is not kept")));
  EXPECT_THAT(of(limits), IsEmpty());
  EXPECT_THAT(of("execution: {isolation: inline}\n"), IsEmpty()) << "a default is nobody's wish";
}

}  // namespace
}  // namespace dsnn::config
