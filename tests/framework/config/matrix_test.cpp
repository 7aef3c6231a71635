#include "config/matrix.h"

#include <gtest/gtest.h>

#include "load_text.h"

namespace dsnn::config {
namespace {

class Matrix : public NeedsTrain {};

TEST_F(Matrix, EveryCombinationIsARunInMatrixOrder) {
  const auto specs =
      load_text(std::string(kHead) + kNetwork +
                "matrix:\n  training.epochs: [1, 2]\n  method:\n    float: {operator: float}\n"
                "    ps: {operator: {type: deepshift, method: ps}, training.optimizer: {type: adam, lr: 1e-3}}\n");
  std::vector<std::string> folders;
  for (const auto& spec : specs) folders.push_back(spec.folder().string());
  EXPECT_EQ(folders, (std::vector<std::string>{"test/1-float", "test/1-ps", "test/2-float", "test/2-ps"}));
  EXPECT_EQ(at_path(specs[3].tree, "training.epochs").integer(), 2);
  EXPECT_EQ(at_path(specs[3].tree, "training.optimizer.type").string(), "adam");
  EXPECT_EQ(at_path(specs[2].tree, "operator.type").string(), "float");
  EXPECT_EQ(specs[1].cell_labels.at("method"), "ps");
}

TEST_F(Matrix, SeedsRepeatEachCell) {
  const auto specs = load_text(std::string("schema: dsnn/1\nname: test\nseed: [4, 5]\n") + kNetwork +
                               "matrix: {training.epochs: [1, 2]}\n");
  ASSERT_EQ(specs.size(), 4U);
  EXPECT_EQ(specs[1].folder().string(), "test/1/seed-5");
  EXPECT_EQ(specs[1].seed, 5);
  EXPECT_EQ(at_path(specs[1].tree, "seed").integer(), 5);
  EXPECT_NE(specs[0].digest(), specs[1].digest());
}

TEST_F(Matrix, SkipLeavesCellsOut) {
  const auto specs = load_text(std::string(kHead) + kNetwork +
                               "matrix:\n  training.epochs: [1, 2]\n  training.batch_size: [64, 128]\n  skip: "
                               "[{training.epochs: 2, training.batch_size: 64}]\n");
  EXPECT_EQ(specs.size(), 3U);
}

TEST_F(Matrix, ASearchInsideIsAStudyPerCell) {
  const auto specs = load_text(
      std::string(kHead) + kNetwork + kGoals +
      "matrix: {backbone.type: [simple_cnn, simple_linear]}\ntraining: {batch_size: {search: {choice: [64, 128]}}}\n");
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_TRUE(specs[0].is_search());
  EXPECT_EQ(at_path(specs[1].tree, "backbone.type").string(), "simple_linear");
}

TEST_F(Matrix, AnAxisOfTheParentCanBeDropped) {
  Files files({{"base.yaml", std::string("schema: dsnn/1\n") + kNetwork +
                                 "matrix: {training.epochs: [1, 2], training.batch_size: [64, 128]}\n"},
               {"leaf.yaml", "schema: dsnn/1\nextends: base.yaml\nname: leaf\nmatrix: {training.epochs: null}\n"}});
  EXPECT_EQ(files.load("leaf.yaml").size(), 2U) << files.diagnostics.text();
}

TEST_F(Matrix, ATypeAppliesBeforeTheKeysBesideItWhateverTheirOrder) {
  const auto specs =
      load_text(std::string(kHead) + kNetwork +
                "training: {optimizer: adam}\n"
                "matrix: {training.optimizer.momentum: [0.5, 0.9], training.optimizer.type: [sgd, rmsprop]}\n");
  ASSERT_EQ(specs.size(), 4U);
  EXPECT_EQ(specs[3].cell, "0.9-rmsprop");
  EXPECT_EQ(at_path(specs[3].tree, "training.optimizer.type").string(), "rmsprop");
  EXPECT_EQ(at_path(specs[3].tree, "training.optimizer.momentum").number(), 0.9);
}

TEST_F(Matrix, CasesOfOneAxisMaySetAMapOrAPartOfIt) {
  const auto specs = load_text(std::string(kHead) + kNetwork +
                               "matrix: {form: {a: {training.optimizer: {type: sgd, lr: 0.5}}, b: "
                               "{training.optimizer.lr: 0.25}}}\n");
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(at_path(specs[1].tree, "training.optimizer.lr").number(), 0.25);
}

TEST_F(Matrix, ADomainStaysUnderACaseThatSetsOtherKeysOfItsMap) {
  const auto specs =
      load_text(std::string(kHead) + kNetwork + kGoals +
                "training: {optimizer: {type: sgd, lr: {search: {float: [0.1, 0.5]}}}}\n"
                "matrix: {form: {a: {training.optimizer: {weight_decay: 0.1}}, b: {training.optimizer: radam}}}\n");
  ASSERT_EQ(specs.size(), 2U);
  for (const ExperimentSpec& spec : specs) EXPECT_EQ(spec.space.index_of("training.optimizer.lr"), 0);
}

TEST_F(Matrix, CellsThatSearchDifferentlyAreNoTwins) {
  const auto specs = load_text(std::string(kHead) + kNetwork + kGoals +
                               "matrix: {form: {a: {training.batch_size: {search: {choice: [32, 64]}}}, b: "
                               "{training.batch_size: {search: {choice: [64, 128]}}}}}\n");
  EXPECT_EQ(specs.size(), 2U);
}

}  // namespace
}  // namespace dsnn::config
