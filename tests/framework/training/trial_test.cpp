#include "training/trial.h"

#include "nn/checkpoint.h"

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "support/components.h"
#include "support/idx_files.h"
#include "support/temporary_folder.h"
#include "training/train_evaluator.h"

namespace dsnn::training {
namespace {

using test::section_of;
namespace fs = std::filesystem;

/// A run folder with small digits beside it, and experiments over them.
class TrialTest : public testing::Test {
 protected:
  void SetUp() override { test::write_digits(folder_.path(), 260, 60); }

  Value experiment(
      const std::string& optimizer = R"({"type":"sgd","lr":0.05,"momentum":0.9,"weight_decay":0.0001})") const {
    Value dataset = section_of(Kind::dataset, "{\"type\":\"mnist\",\"root\":\"" + folder_.path().string() + "\"}");
    dataset.set("validation_fraction", 0.2);
    dataset.set("train_fraction", 1.0);
    dataset.set("transforms",
                parse_json(R"([{"type":"random_crop","padding":2},{"type":"normalize","mean":null,"std":null}])"));
    Value training = parse_json(
        R"({"epochs":9,"batch_size":32,"gradient_clip":null,"select":{"metric":"validation.error","goal":"minimize"}})");
    training.set("optimizer", section_of(Kind::optimizer, optimizer));
    training.set("schedule", section_of(Kind::schedule, R"({"type":"cosine","warmup":1.0})"));
    training.set("loss", section_of(Kind::loss, R"({"type":"cross_entropy","label_smoothing":0.1})"));
    Value tree =
        parse_json(R"({"seed":7,"evaluation":{"batch_size":25,"every":1},"objectives":[{"metric":"validation.error"}],
                               "execution":{"deterministic":true,"device":"cpu"}})");
    tree.set("task", section_of(Kind::task, R"({"type":"classification"})"));
    tree.set("dataset", std::move(dataset));
    tree.set("backbone", section_of(Kind::backbone, R"({"type":"simple_linear"})"));
    tree.set("operator", section_of(Kind::op, R"({"type":"float"})"));
    tree.set("training", std::move(training));
    return tree;
  }

  fs::path trial_folder(int64_t number) const { return folder_.path() / "trials" / std::to_string(number); }
  fs::path run_folder() const { return folder_.path(); }

  test::TemporaryFolder folder_;
};

class Context : public TrialContext {
 public:
  Context(const Value& tree, fs::path run_folder, fs::path trial_folder, int64_t steps_until_cancel = -1)
      : tree_(tree),
        run_folder_(std::move(run_folder)),
        trial_folder_(std::move(trial_folder)),
        steps_left_(steps_until_cancel) {
    fs::create_directories(trial_folder_);
  }
  ConfigView experiment() const override { return test::view_of(tree_); }
  const ComponentFactory& factory() const override { return test::components().factory(); }
  fs::path run_folder() const override { return run_folder_; }
  fs::path trial_folder() const override { return trial_folder_; }
  bool cancelled() const override { return steps_left_ == 0; }
  void beat() override {
    ++beats_;
    if (steps_left_ > 0) --steps_left_;
  }
  void report(int64_t step, const std::vector<Metric>& metrics) override { reported_[step] = metrics; }
  const std::map<int64_t, std::vector<Metric>>& reported() const { return reported_; }
  int64_t beats() const { return beats_; }

 private:
  const Value& tree_;
  fs::path run_folder_, trial_folder_;
  int64_t steps_left_, beats_ = 0;
  std::map<int64_t, std::vector<Metric>> reported_;
};

TrialRequest request(int64_t number, double epochs, std::optional<int64_t> parent = std::nullopt) {
  TrialRequest made;
  made.number = number;
  made.seed = 1234567;
  made.budget.value = {epochs};
  if (parent) made.start_from = "trials/" + std::to_string(*parent);
  return made;
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

double value(const Evaluation& evaluation, const std::string& name) {
  const Metric* found = find_metric(evaluation.metrics, name);
  EXPECT_NE(found, nullptr) << name;
  return found != nullptr ? found->value : -1;
}

/// Without what the clock gives.
std::map<std::string, double> reproducible(const Evaluation& evaluation) {
  std::map<std::string, double> out;
  for (const Metric& metric : evaluation.metrics) {
    if (!metric.name.starts_with("step.")) out[metric.name] = metric.value;
  }
  return out;
}

TEST_F(TrialTest, LearnsAndReportsEveryEpoch) {
  const Value tree = experiment();
  Context context(tree, run_folder(), trial_folder(0));
  const Evaluation evaluation = TrainEvaluator().evaluate(request(0, 9), context);
  EXPECT_EQ(evaluation.state, TrialState::complete);
  EXPECT_LT(value(evaluation, "validation.error"), 0.1);
  EXPECT_LT(value(evaluation, "train.loss"), 1.0);
  EXPECT_DOUBLE_EQ(value(evaluation, "validation.error"), 1 - value(evaluation, "validation.top1"));
  EXPECT_EQ(value(evaluation, "model.parameters"), 784 * 512 + 512 + 512 * 512 + 512 + 5120 + 10);
  EXPECT_EQ(context.reported().size(), 9U);
  EXPECT_EQ(evaluation.checkpoint, "trials/0");
  EXPECT_DOUBLE_EQ(evaluation.resource_spent.value(), 1);
  const std::string csv = bytes_of(trial_folder(0) / "metrics.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 10);
}

struct LineageCase {
  const char* name;
  const char* backbone;
  const char* op;
  const char* optimizer;
  std::vector<double> budgets;
};

constexpr const char* kSmallCnn = R"({"type":"simple_cnn","conv1":4,"conv2":8,"hidden":16})";

class Lineage : public TrialTest, public testing::WithParamInterface<LineageCase> {};

TEST_P(Lineage, EndsInTheBitsOfTheWholeRun) {
  const LineageCase& given = GetParam();
  Value tree = experiment(given.optimizer);
  tree.set("backbone", section_of(Kind::backbone, given.backbone));
  tree.set("operator", section_of(Kind::op, given.op));
  tree.find("training")->set("epochs", static_cast<int64_t>(given.budgets.back()));
  Context whole(tree, run_folder(), trial_folder(0));
  const Evaluation direct = TrainEvaluator().evaluate(request(0, given.budgets.back()), whole);
  ASSERT_EQ(direct.state, TrialState::complete) << direct.message;
  Evaluation last;
  for (size_t i = 0; i < given.budgets.size(); ++i) {
    const auto number = static_cast<int64_t>(i) + 1;
    Context step(tree, run_folder(), trial_folder(number));
    last = TrainEvaluator().evaluate(
        i == 0 ? request(number, given.budgets[i]) : request(number, given.budgets[i], number - 1), step);
  }
  const int64_t end = static_cast<int64_t>(given.budgets.size());
  EXPECT_EQ(bytes_of(trial_folder(0) / "checkpoint.safetensors"),
            bytes_of(trial_folder(end) / "checkpoint.safetensors"));
  EXPECT_EQ(reproducible(direct), reproducible(last));
  EXPECT_DOUBLE_EQ(last.resource_spent.value(), 1 - given.budgets[given.budgets.size() - 2] / given.budgets.back());
}

INSTANTIATE_TEST_SUITE_P(Of, Lineage,
                         testing::Values(LineageCase{"NineEpochsOfSgdWithDropout",
                                                     R"({"type":"simple_linear"})",
                                                     R"({"type":"float"})",
                                                     R"({"type":"sgd","lr":0.05,"momentum":0.9,"weight_decay":0.0001})",
                                                     {1, 3, 9}},
                                         LineageCase{"Adam",
                                                     kSmallCnn,
                                                     R"({"type":"float"})",
                                                     R"({"type":"adam","lr":0.003,"weight_decay":0.0})",
                                                     {1, 2, 3}},
                                         LineageCase{"RangerWithStochasticShifts",
                                                     kSmallCnn,
                                                     R"({"type":"deepshift","method":"ps","rounding":"stochastic"})",
                                                     R"({"type":"ranger","lr":0.003,"weight_decay":0.0001})",
                                                     {1, 2, 3}},
                                         LineageCase{"QuantizedWeights",
                                                     kSmallCnn,
                                                     R"({"type":"deepshift","method":"q","weight_bits":4})",
                                                     R"({"type":"radam","lr":0.003,"weight_decay":0.0001})",
                                                     {1, 3, 9}},
                                         LineageCase{"BatchNorm",
                                                     R"({"type":"resnet20"})",
                                                     R"({"type":"float"})",
                                                     R"({"type":"sgd","lr":0.01,"momentum":0.9,"weight_decay":0.0001})",
                                                     {1, 2}}),
                         [](const auto& param) { return param.param.name; });

TEST_F(TrialTest, ACancelledTrialContinuesInTheMiddleOfAnEpochToTheSameBits) {
  Value tree = experiment();
  tree.set("backbone", section_of(Kind::backbone, kSmallCnn));
  Context whole(tree, run_folder(), trial_folder(0));
  const Evaluation direct = TrainEvaluator().evaluate(request(0, 3), whole);
  Evaluation resumed;
  for (int attempt = 0; attempt < 20; ++attempt) {
    Context part(tree, run_folder(), trial_folder(1), 8);
    resumed = TrainEvaluator().evaluate(request(1, 3), part);
    if (resumed.state == TrialState::complete) break;
    ASSERT_EQ(resumed.state, TrialState::waiting);
  }
  EXPECT_EQ(resumed.state, TrialState::complete);
  EXPECT_EQ(bytes_of(trial_folder(0) / "checkpoint.safetensors"), bytes_of(trial_folder(1) / "checkpoint.safetensors"));
  EXPECT_EQ(reproducible(direct), reproducible(resumed));
  EXPECT_DOUBLE_EQ(resumed.resource_spent.value(), direct.resource_spent.value());
}

// 208 samples are seven steps of 32 an epoch, the 52 for validation three of 25; the cancelled step is not taken.
TEST_F(TrialTest, ATrialCancelledInItsValidationKeepsTheFinishedEpoch) {
  Value tree = experiment();
  tree.set("backbone", section_of(Kind::backbone, kSmallCnn));
  Context whole(tree, run_folder(), trial_folder(0));
  const Evaluation direct = TrainEvaluator().evaluate(request(0, 2), whole);
  Context first(tree, run_folder(), trial_folder(1), 7 + 2), second(tree, run_folder(), trial_folder(1));
  const Evaluation stopped = TrainEvaluator().evaluate(request(1, 2), first);
  ASSERT_EQ(stopped.state, TrialState::waiting);
  EXPECT_TRUE(first.reported().empty());
  const Evaluation resumed = TrainEvaluator().evaluate(request(1, 2), second);
  EXPECT_EQ(second.beats(), 3 + 7 + 3);
  EXPECT_EQ(second.reported().size(), 2U);
  EXPECT_EQ(reproducible(direct), reproducible(resumed));
  EXPECT_EQ(bytes_of(trial_folder(0) / "checkpoint.safetensors"), bytes_of(trial_folder(1) / "checkpoint.safetensors"));
}

TEST_F(TrialTest, ATrialCancelledInItsTestKeepsAllEpochs) {
  Value tree = experiment();
  tree.set("backbone", section_of(Kind::backbone, kSmallCnn));
  tree.set("objectives", Value::list());
  Context first(tree, run_folder(), trial_folder(0), 7 + 3 + 2), second(tree, run_folder(), trial_folder(0));
  EXPECT_EQ(TrainEvaluator().evaluate(request(0, 1), first).state, TrialState::waiting);
  const Evaluation resumed = TrainEvaluator().evaluate(request(0, 1), second);
  EXPECT_EQ(resumed.state, TrialState::complete);
  EXPECT_EQ(second.beats(), 3);  // the 60 samples of the test part
  EXPECT_GE(value(resumed, "test.error"), 0);
}

TEST_F(TrialTest, AnEpochIsReportedOnceItsCheckpointIsWritten) {
  Value tree = experiment();
  tree.set("backbone", section_of(Kind::backbone, kSmallCnn));
  struct Watch : Context {
    using Context::Context;
    void report(int64_t step, const std::vector<Metric>& metrics) override {
      Context::report(step, metrics);
      const auto checkpoint = nn::load_checkpoint(trial_folder());
      saved.push_back(checkpoint ? checkpoint->progress.at("epoch").integer() : 0);
    }
    std::vector<int64_t> saved;
  };
  Watch context(tree, run_folder(), trial_folder(0));
  TrainEvaluator().evaluate(request(0, 3), context);
  EXPECT_EQ(context.saved, (std::vector<int64_t>{1, 2, 3}));
}

TEST_F(TrialTest, AParentsCheckpointFromInsideAnEpochIsContinuedThere) {
  Value tree = experiment();
  tree.set("backbone", section_of(Kind::backbone, kSmallCnn));
  Context whole(tree, run_folder(), trial_folder(0));
  const Evaluation direct = TrainEvaluator().evaluate(request(0, 3), whole);
  Context parent(tree, run_folder(), trial_folder(1), 7 + 3 + 4), child(tree, run_folder(), trial_folder(2));
  ASSERT_EQ(TrainEvaluator().evaluate(request(1, 2), parent).state, TrialState::waiting);
  const Evaluation continued = TrainEvaluator().evaluate(request(2, 3, 1), child);
  EXPECT_EQ(reproducible(direct), reproducible(continued));
  EXPECT_EQ(bytes_of(trial_folder(0) / "checkpoint.safetensors"), bytes_of(trial_folder(2) / "checkpoint.safetensors"));
}

TEST_F(TrialTest, TheEnergyOfAnAttemptThatWasStoppedIsKept) {
  Value tree = experiment();
  tree.set("meters", parse_json(R"({"use":[{"type":"tdp","tdp_watts":10.0,"idle_fraction":0.1}],"inference":null})"));
  const auto training_seconds = [](const Evaluation& evaluation) {
    for (const EnergyReading& reading : evaluation.readings) {
      if (reading.step == "training") return reading.seconds;
    }
    return -1.0;
  };
  // 208 samples are seven steps of 32 an epoch: the second attempt has one of nine times seven left.
  Context first(tree, run_folder(), trial_folder(0), 9 * (7 + 3) - 4), second(tree, run_folder(), trial_folder(0));
  const Evaluation stopped = TrainEvaluator().evaluate(request(0, 9), first);
  ASSERT_EQ(stopped.state, TrialState::waiting);
  ASSERT_GT(training_seconds(stopped), 0);
  EXPECT_GE(training_seconds(TrainEvaluator().evaluate(request(0, 9), second)), training_seconds(stopped));
}

TEST_F(TrialTest, SignsTrainAtTheirOwnRate) {
  Value tree = experiment(R"({"type":"radam","lr":0.01})");
  tree.set("operator", section_of(Kind::op, R"({"type":"deepshift","method":"ps"})"));
  Value slow = tree;
  slow.find("training")->find("optimizer")->set("lr_sign", 1e-9);
  Context usual(tree, run_folder(), trial_folder(0)), frozen(slow, run_folder(), trial_folder(1));
  TrainEvaluator().evaluate(request(0, 1), usual);
  TrainEvaluator().evaluate(request(1, 1), frozen);
  const auto sign = [&](int64_t number) {
    return nn::load_checkpoint(trial_folder(number))->model.tensors.at("fc1.sign");
  };
  EXPECT_GT(sign(0).sub(sign(1)).abs().max().item<double>(), 1e-4);
  EXPECT_LT(sign(1).abs().sub(1).abs().max().item<double>(), 1e-5);
}

TEST_F(TrialTest, SgdAtASteepRateIsWarnedOfWhenItTrainsShifts) {
  Value tree = experiment(R"({"type":"sgd","lr":0.1})");
  const auto message = [&](int64_t number, const std::string& op) {
    tree.set("operator", section_of(Kind::op, op));
    Context context(tree, run_folder(), trial_folder(number));
    return TrainEvaluator().evaluate(request(number, 1), context).message;
  };
  EXPECT_NE(message(0, R"({"type":"deepshift","method":"ps"})")
                .find("sgd: trained shifts (deepshift, method ps) seldom converge with lr 0.1; use radam with lr 0.01"),
            std::string::npos);
  EXPECT_EQ(message(1, R"({"type":"deepshift","method":"q","weight_bits":8})"), "");
}

TEST_F(TrialTest, AConversionThatLosesMostWeightsIsWarnedOf) {
  Value tree = experiment();
  tree.set("operator", section_of(Kind::op, R"({"type":"deepshift","method":"q","weight_bits":2})"));
  Context context(tree, run_folder(), trial_folder(0));
  const std::string message = TrainEvaluator().evaluate(request(0, 1), context).message;
  EXPECT_NE(message.find("% of the shifts of layer 'fc1' lie on the lowest value 2^-1 after conversion"),
            std::string::npos)
      << message;
}

TEST_F(TrialTest, ADamagedCheckpointOfTheParentIsTrainedAgain) {
  const Value tree = experiment();
  Context short_run(tree, run_folder(), trial_folder(0)), long_run(tree, run_folder(), trial_folder(1)),
      whole(tree, run_folder(), trial_folder(2));
  TrainEvaluator().evaluate(request(0, 1), short_run);
  std::ofstream(trial_folder(0) / "checkpoint.safetensors", std::ios::trunc) << "garbage";
  const Evaluation continued = TrainEvaluator().evaluate(request(1, 2, 0), long_run);
  EXPECT_EQ(continued.state, TrialState::complete);
  EXPECT_EQ(reproducible(continued), reproducible(TrainEvaluator().evaluate(request(2, 2), whole)));
}

TEST_F(TrialTest, ACheckpointWhoseProgressCannotBeReadFallsBackToTheOneBefore) {
  const Value tree = experiment();
  Context first(tree, run_folder(), trial_folder(0)), again(tree, run_folder(), trial_folder(0)),
      whole(tree, run_folder(), trial_folder(1));
  TrainEvaluator().evaluate(request(0, 2), first);
  for (const char* key : {"history", "epoch", "seed", "sums"}) {
    nn::Checkpoint damaged = *nn::load_checkpoint(trial_folder(0));
    damaged.progress.set(key, "of another type");
    nn::save_checkpoint(trial_folder(0), damaged);
    const Evaluation continued = TrainEvaluator().evaluate(request(0, 2), again);
    EXPECT_EQ(reproducible(continued), reproducible(TrainEvaluator().evaluate(request(1, 2), whole))) << key;
  }
}

TEST_F(TrialTest, WhatTheConversionWarnedOfIsStillSaidAfterARestart) {
  Value tree = experiment();
  tree.set("operator", section_of(Kind::op, R"({"type":"deepshift","method":"q","weight_bits":2})"));
  Context first(tree, run_folder(), trial_folder(0)), again(tree, run_folder(), trial_folder(0));
  const std::string message = TrainEvaluator().evaluate(request(0, 1), first).message;
  EXPECT_NE(message, "");
  EXPECT_EQ(TrainEvaluator().evaluate(request(0, 2), again).message, message);
}

TEST_F(TrialTest, ACheckpointOfAnotherExperimentIsNotContinued) {
  const Value tree = experiment(), other = experiment(R"({"type":"adam","lr":0.01,"weight_decay":0.0})");
  Context stranger(other, run_folder(), trial_folder(0)), own(tree, run_folder(), trial_folder(0)),
      clean(tree, run_folder(), trial_folder(1));
  TrainEvaluator().evaluate(request(0, 2), stranger);
  EXPECT_EQ(reproducible(TrainEvaluator().evaluate(request(0, 2), own)),
            reproducible(TrainEvaluator().evaluate(request(1, 2), clean)));
}

TEST_F(TrialTest, ATrialDoesNotDependOnTheTrialsBeforeIt) {
  const Value tree = experiment();
  const Value other = experiment(R"({"type":"adam","lr":0.01,"weight_decay":0.0})");
  Context first(tree, run_folder(), trial_folder(0)), between(other, run_folder(), trial_folder(1)),
      again(tree, run_folder(), trial_folder(2));
  TrainEvaluator evaluator;
  const Evaluation before = evaluator.evaluate(request(0, 1), first);
  evaluator.evaluate(request(1, 1), between);
  EXPECT_EQ(reproducible(before), reproducible(evaluator.evaluate(request(2, 1), again)));
}

TEST_F(TrialTest, ANumberlessLossEndsTheTrialAsDiverged) {
  const Value tree = experiment(R"({"type":"sgd","lr":1e30,"momentum":0.0,"weight_decay":0.0})");
  Context context(tree, run_folder(), trial_folder(0));
  const Evaluation evaluation = TrainEvaluator().evaluate(request(0, 9), context);
  EXPECT_EQ(evaluation.state, TrialState::diverged);
  EXPECT_NE(evaluation.message.find("in epoch 1 at step "), std::string::npos) << evaluation.message;
  EXPECT_EQ(evaluation.checkpoint, "");
}

TEST_F(TrialTest, OnlyAPlainTrainingRunTouchesTheTestSplit) {
  Value search = experiment();
  Context searching(search, run_folder(), trial_folder(0));
  EXPECT_EQ(find_metric(TrainEvaluator().evaluate(request(0, 1), searching).metrics, "test.error"), nullptr);
  Value plain = experiment();
  plain.set("objectives", Value::list());
  Context training(plain, run_folder(), trial_folder(1));
  EXPECT_NE(find_metric(TrainEvaluator().evaluate(request(1, 1), training).metrics, "test.error"), nullptr);
}

TEST_F(TrialTest, ZeroEpochsEvaluateTheFreshNetwork) {
  Value tree = experiment();
  tree.find("training")->set("epochs", 0);
  Context context(tree, run_folder(), trial_folder(0));
  TrialRequest whole = request(0, 0);
  whole.budget.value.clear();
  const Evaluation evaluation = TrainEvaluator().evaluate(whole, context);
  EXPECT_EQ(evaluation.state, TrialState::complete);
  EXPECT_GT(value(evaluation, "validation.error"), 0.5);
  EXPECT_EQ(find_metric(evaluation.metrics, "train.loss"), nullptr);
}

TEST_F(TrialTest, DescribeNeedsNoFiles) {
  Value tree = experiment();
  tree.find("dataset")->set("root", "/nowhere");
  const Description description = TrainEvaluator().describe(test::view_of(tree), test::components().factory());
  ASSERT_TRUE(description.graph.has_value());
  EXPECT_EQ(find_metric(description.metrics, "model.macs")->value, 784 * 512 + 512 * 512 + 5120);
}

TEST_F(TrialTest, AnUnknownBudgetAxisIsRefused) {
  Value tree = experiment();
  tree.set("fidelity", parse_json(R"({"type":"hyperband","budget":"input_size"})"));
  Context context(tree, run_folder(), trial_folder(0));
  EXPECT_THROW(TrainEvaluator().evaluate(request(0, 9), context), ConfigError);
}

TEST_F(TrialTest, TrainFractionAsABudgetTrainsOnThatPart) {
  Value tree = experiment();
  tree.set("fidelity", parse_json(R"({"type":"hyperband","budget":"train_fraction"})"));
  tree.find("training")->set("epochs", 1);
  Context quarter(tree, run_folder(), trial_folder(0)), whole(tree, run_folder(), trial_folder(1));
  const Evaluation evaluation = TrainEvaluator().evaluate(request(0, 0.25), quarter);
  TrainEvaluator().evaluate(request(1, 1.0), whole);
  EXPECT_LT(quarter.beats(), whole.beats());
  EXPECT_DOUBLE_EQ(evaluation.resource_spent.value(), 0.25);
}

}  // namespace
}  // namespace dsnn::training
