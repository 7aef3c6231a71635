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

}  // namespace
}  // namespace dsnn::config
