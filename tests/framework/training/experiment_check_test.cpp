#include "training/experiment_check.h"

#include <gtest/gtest.h>

#include "execution/spec_check.h"
#include "support/components.h"
#include "support/idx_files.h"
#include "support/study_run.h"
#include "support/temporary_folder.h"

namespace dsnn::training {
namespace {

/// An experiment over 200 + 50 small digits.
class ExperimentCheck : public testing::Test {
 protected:
  void SetUp() override { test::write_digits(folder_.path(), 200, 50); }

  std::string text(const std::string& more) const {
    return "schema: dsnn/1\nname: digits\nseed: 1\n"
           "dataset: {type: mnist, root: \"" +
           folder_.path().string() + "\", validation_fraction: 0.2}\n" +
           "backbone: {type: simple_linear, hidden: [8]}\n" +
           "operator: float\ntraining: {epochs: 2, optimizer: {type: sgd, lr: 0.1}}\n" + more;
  }

  Findings findings(const std::vector<std::string>& sets = {}, const std::string& more = "") const {
    const plugin::Catalog& catalog = test::components().catalog();
    return execution::check_spec(test::load_spec(text(more), sets, catalog), catalog);
  }

  /// "line: message" of each error.
  std::vector<std::string> errors(const std::vector<std::string>& sets = {}, const std::string& more = "") const {
    std::vector<std::string> out;
    for (const Diagnostic& d : findings(sets, more).errors) {
      const std::string line = d.where.line > 0 ? std::to_string(d.where.line) : d.where.file;
      out.push_back(line + ": " + d.message + (d.hint.empty() ? "" : "; " + d.hint));
    }
    return out;
  }
  using Lines = std::vector<std::string>;

  test::TemporaryFolder folder_;
};

constexpr const char* kSearch =
    "objectives: [{name: error, metric: validation.error, goal: minimize}]\n"
    "acquisition: random\n"
    "limits: {trials: 3}\n";

TEST_F(ExperimentCheck, AGoodExperimentSaysHowManyImagesItsPartsHave) {
  const Findings good = findings();
  EXPECT_TRUE(good.errors.empty());
  EXPECT_EQ(good.notes, Lines{"train 160, validation 40, test 50 images"});
}

TEST_F(ExperimentCheck, NoImageLeftToTrainOnIsAnErrorWithTheNumbers) {
  EXPECT_EQ(
      errors({"dataset.validation_fraction=0.999"}),
      Lines{"--set: no image is left to train on: dataset.validation_fraction 0.999 takes all 200 (train 0, validation "
            "200, test 50 images); lower it"});
  EXPECT_EQ(errors({"dataset.train_fraction=0.001"}),
            Lines{"--set: no image is left to train on: dataset.train_fraction 0.001 of 160 images is none (train 0, "
                  "validation "
                  "40, test 50 images); raise it"});
  EXPECT_EQ(errors({"dataset.validation_fraction=0.999", "training.epochs=0"}), Lines{}) << "nothing is trained";
}

TEST_F(ExperimentCheck, TheSmallestRungNeedsAnImageToo) {
  const std::string halving =
      std::string(kSearch) + "fidelity: {type: hyperband, budget: train_fraction, min: 0.001, continue: false}\n";
  EXPECT_EQ(
      errors({"training.optimizer.lr={search: {float: [0.1, 0.3]}}"}, halving),
      Lines{
          "11: no image is left to train on: fidelity.min 0.001 of 160 images is none (train 0, validation 40, test 50 "
          "images); raise it"});
  EXPECT_EQ(errors({"training.optimizer.lr={search: {float: [0.1, 0.3]}}", "fidelity.min=0.1"}, halving), Lines{});
}

TEST_F(ExperimentCheck, AValidationMetricNeedsAValidationImage) {
  const std::vector<std::string> searched = {"training.optimizer.lr={search: {float: [0.1, 0.3]}}",
                                             "dataset.validation_fraction=0.001"};
  EXPECT_EQ(
      errors(searched, kSearch),
      Lines{"--set: 'validation.error' needs a validation part, but dataset.validation_fraction 0.001 of 200 images is "
            "none (train 200, validation 0, test 50 images); raise it"});
  EXPECT_EQ(errors({"dataset.validation_fraction=0.001"}), Lines{}) << "a plain training may do without";
}

TEST_F(ExperimentCheck, ATrainingMetricNeedsAnEpoch) {
  const std::string searched =
      "objectives: [{name: loss, metric: train.loss, goal: minimize}]\nacquisition: random\nlimits: {trials: 3}\n";
  EXPECT_EQ(
      errors({"training.epochs=0", "training.optimizer.lr={search: {float: [0.1, 0.3]}}"}, searched),
      Lines{"--set: 'train.loss' is never measured: with 0 epochs nothing is trained; train at least one epoch, or "
            "look at a validation metric"});
}

TEST_F(ExperimentCheck, MissingAndDamagedFilesAreFoundWhereATrialNeedsThem) {
  std::filesystem::remove(folder_.path() / "t10k-labels-idx1-ubyte");
  const Lines missing = errors();
  ASSERT_EQ(missing.size(), 1U);
  EXPECT_EQ(missing[0].find("4: dataset 'mnist': its test files were not found (searched: "), 0U) << missing[0];
  EXPECT_EQ(errors({"training.optimizer.lr={search: {float: [0.1, 0.3]}}"}, kSearch), Lines{})
      << "a search never reads the test files";
  std::filesystem::resize_file(folder_.path() / "train-images-idx3-ubyte", 500);
  const Lines cut = errors({"training.optimizer.lr={search: {float: [0.1, 0.3]}}"}, kSearch);
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_NE(cut[0].find("the IDX file ends at byte 500"), std::string::npos) << cut[0];
}

TEST_F(ExperimentCheck, EveryComponentThatRefusesItsSectionIsNamedAtItsPlace) {
  EXPECT_EQ(errors({},
                   "meters: {inference: {type: hardware_model, fp32_add_pj: 1.0}}\n"
                   "execution: {device: \"cuda:77\"}\n")
                .size(),
            2U);
  EXPECT_EQ(
      errors({"training.optimizer.nesterov=true", "training.optimizer.momentum=0",
              "operator={type: deepshift, fixed_point: {integer: 0, fraction: 0}}"}),
      (Lines{"--set: nesterov needs a momentum above 0 and a dampening of 0; set momentum: 0.9, or leave nesterov "
             "out",
             "--set: a fixed-point format needs at least one bit, got 0.0"}));
}

TEST_F(ExperimentCheck, EveryChoiceAndBothEndsOfARangeAreTried) {
  EXPECT_EQ(errors({"operator={type: deepshift, depth: {search: {int: [0, 5], default: 1}}}"}, kSearch),
            Lines{"--set: 'depth' is 5, but this network has 2 layers to convert; use 'all' or at most 2"});
  const std::string choice =
      "  optimizer:\n"
      "    search:\n"
      "      choice:\n"
      "        - {type: adam}\n"
      "        - {type: sgd, nesterov: true, momentum: {search: {float: [0, 0.9], default: 0.5}}}\n";
  const std::string yaml = "schema: dsnn/1\nname: digits\nseed: 1\ndataset: {type: mnist, root: \"" +
                           folder_.path().string() + "\"}\nbackbone: simple_linear\ntraining:\n  epochs: 1\n" + choice +
                           kSearch;
  const plugin::Catalog& catalog = test::components().catalog();
  const Findings found = execution::check_spec(test::load_spec(yaml, {}, catalog), catalog);
  ASSERT_EQ(found.errors.size(), 1U);
  EXPECT_EQ(found.errors[0].where.line, 12);
  EXPECT_EQ(found.errors[0].where.column, 33);
}

TEST_F(ExperimentCheck, ANetworkThatDoesNotFitIsFoundBeforeItTrains) {
  const Lines selector = errors({"operator={type: deepshift, layers: [conv*]}"});
  ASSERT_EQ(selector.size(), 1U);
  EXPECT_NE(selector[0].find("'conv*' in 'layers' matches no convolution or linear layer"), std::string::npos)
      << selector[0];
  const Lines depth = errors({"operator={type: deepshift, depth: 3}"});
  ASSERT_EQ(depth.size(), 1U);
  EXPECT_NE(depth[0].find("'depth' is 3, but this network has 2 layers to convert"), std::string::npos) << depth[0];
}

TEST_F(ExperimentCheck, TinyPartsAndLargeBatchesAreNoMistakes) {
  EXPECT_EQ(errors({"dataset.train_fraction=0.01", "training.batch_size=60000", "evaluation.every=50"}), Lines{});
}

}  // namespace
}  // namespace dsnn::training
