#include "config/spec.h"

#include <gtest/gtest.h>

#include "load_text.h"

namespace dsnn::config {
namespace {

const std::string kStudy = std::string(kGoals) + R"(
training:
  epochs: 9
  batch_size: {search: {choice: [64, 128]}}
  optimizer: {search: {choice: [{type: sgd, momentum: {search: {float: [0.0, 0.9]}}}, adam]}}
fidelity: {type: hyperband, budget: epochs, min: 1, eta: 3}
execution: {deterministic: true, workers: 2}
)";

class Spec : public NeedsTrain {};

TEST_F(Spec, EveryDefaultIsFilledWithItsOrigin) {
  const auto spec = load_one("");
  EXPECT_EQ(spec.evaluator, "train");
  EXPECT_EQ(at_path(spec.tree, "task.type").string(), "classification");
  EXPECT_EQ(at_path(spec.tree, "operator.type").string(), "float");
  EXPECT_EQ(at_path(spec.tree, "training.optimizer").find("lr")->is_number(), true);
  EXPECT_EQ(spec.origins.find("task.type")->second.file, "default");
  EXPECT_EQ(spec.origins.find("backbone.type")->second.line, 5);
  EXPECT_FALSE(spec.is_search());
}

TEST_F(Spec, FidelityTakesItsFullBudgetFromTheKey) {
  const auto spec = load_one(kStudy);
  ASSERT_TRUE(spec.fidelity);
  EXPECT_EQ(spec.fidelity->axes, std::vector<std::string>{"training.epochs"});
  EXPECT_EQ(spec.fidelity->max, std::vector<double>{9});
  EXPECT_EQ(spec.full_budget().value, std::vector<double>{9});
  EXPECT_EQ(at_path(resolved_default(spec), "training.epochs").integer(), 9);
}

TEST_F(Spec, FidelityMaxAloneSetsTheKey) {
  const auto spec = load_one(std::string(kGoals) +
                             "training: {batch_size: {search: {choice: [64, 128]}}}\n"
                             "fidelity: {type: hyperband, budget: [epochs], min: [1], max: 27, eta: 3}\n");
  EXPECT_EQ(at_path(spec.tree, "training.epochs").integer(), 27);
}

TEST_F(Spec, TheFrontIsOfTheFullBudgetUnlessTheFileSaysAny) {
  const std::string search = std::string(kGoals) + "training: {batch_size: {search: {choice: [64, 128]}}}\n";
  for (const std::string type : {"hyperband", "successive_halving"}) {
    const std::string section = "fidelity: {type: " + type + ", budget: epochs, min: 1, max: 9";
    EXPECT_FALSE(load_one(search + section + "}\n").fidelity->front_of_any_budget);
    EXPECT_FALSE(load_one(search + section + ", front: top}\n").fidelity->front_of_any_budget);
    const auto any = load_one(search + section + ", front: any}\n");
    EXPECT_TRUE(any.fidelity->front_of_any_budget);
    const auto back = ExperimentSpec::from_json(parse_json(to_json(any.to_json())));
    EXPECT_TRUE(back.fidelity->front_of_any_budget);
  }
}

TEST_F(Spec, TheTrainingPartCanBeTheBudget) {
  const auto spec =
      load_one(std::string(kGoals) +
               "training: {batch_size: {search: {choice: [64, 128]}}}\n"
               "fidelity: {type: hyperband, budget: train_fraction, min: 0.1, eta: 3, continue: false}\n");
  EXPECT_EQ(spec.fidelity->axes, std::vector<std::string>{"dataset.train_fraction"});
  EXPECT_EQ(spec.fidelity->max, std::vector<double>{1.0});
}

TEST_F(Spec, JsonIsLossless) {
  const auto spec =
      load_one(kStudy + "meters: {country: DEU, year: 2024}\nconstraints: [{metric: model.parameters, max: 1e6}]\n");
  const auto back = ExperimentSpec::from_json(parse_json(to_json(spec.to_json())));
  EXPECT_EQ(back.to_json(), spec.to_json());
  EXPECT_EQ(back.digest(), spec.digest());
  EXPECT_EQ(back.grid.year, 2024);
  EXPECT_EQ(back.constraints.at(0).max, 1e6);
}

TEST_F(Spec, TheWrittenFileLoadsToTheSameStudy) {
  const auto spec = load_one(kStudy + R"(
parameters: {bits: {int: [2, 5]}}
operator:
  type: deepshift
  weight_bits: {search: bits}
  overrides: [{layers: [classifier], type: deepshift, weight_bits: {search: bits}}]
  fixed_point: {search: {choice: [{label: a, integer: 8}, {label: b, fraction: {search: {int: [2, 8]}}}]}}
)");
  for (const bool with_origins : {false, true}) {
    const auto again = load_text(spec.to_yaml(with_origins));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].digest(), spec.digest()) << spec.to_yaml(false);
  }
}

TEST_F(Spec, KeysBesideASearchSurviveTheWrittenFile) {
  const auto spec = load_one(std::string(kGoals) +
                             "training: {optimizer: {lr: {search: {float: [1e-3, 0.3], log: true}}, weight_decay: "
                             "1e-4, search: {choice: [sgd, adam]}}}\n");
  EXPECT_EQ(load_text(spec.to_yaml(false)).at(0).digest(), spec.digest()) << spec.to_yaml(false);
}

TEST_F(Spec, WhatMayChangeBetweenRunsIsNotInTheDigest) {
  const auto spec = load_one(kStudy);
  const auto other =
      load_one(kStudy, {"limits.trials=99", "execution.workers=4", "meters.country=FRA", "report.default=false"});
  EXPECT_EQ(spec.digest(), other.digest());
  EXPECT_TRUE(spec.differing_keys(other).empty());
}

TEST_F(Spec, AnyOtherChangeIsNamed) {
  const auto spec = load_one(kStudy);
  const auto other = load_one(
      kStudy, {"training.epochs=27", "training.batch_size={search: {choice: [64, 256]}}", "execution.lookback=8"});
  EXPECT_NE(spec.digest(), other.digest());
  const auto keys = spec.differing_keys(other);
  const auto has = [&](const std::string& key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); };
  EXPECT_TRUE(has("training.epochs"));
  EXPECT_TRUE(has("domain of training.batch_size"));
  EXPECT_TRUE(has("execution.lookback"));
}

TEST_F(Spec, SetReplacesDomainsAndReachesIntoAlternatives) {
  const auto spec = load_one(
      kStudy, {"training.batch_size=32", "training.optimizer.sgd.momentum=0.5", "objectives[error].reference=0.4"});
  EXPECT_EQ(spec.space.size(), 1U);
  const Value resolved = resolved_default(spec);
  EXPECT_EQ(at_path(resolved, "training.batch_size").integer(), 32);
  EXPECT_EQ(at_path(resolved, "training.optimizer.momentum").number(), 0.5);
  EXPECT_EQ(spec.objectives[0].reference, 0.4);
  EXPECT_EQ(spec.origins.find("training.batch_size")->second.file, "--set");
}

TEST_F(Spec, LimitsAndDurationsAreRead) {
  const auto spec = load_one(
      "limits: {wall: 1h30min, energy_kwh: 2.5, trial: {wall: 10min, stall: 30s, memory: 4GiB, retries: 2}}\n");
  EXPECT_EQ(spec.limits.wall_seconds, 5400);
  EXPECT_EQ(spec.limits.energy_kwh, 2.5);
  EXPECT_EQ(spec.limits.trial_wall_seconds, 600);
  EXPECT_EQ(spec.limits.trial_stall_seconds, 30);
  EXPECT_EQ(spec.limits.trial_memory_bytes, int64_t{4} << 30);
  EXPECT_EQ(spec.limits.trial_retries, 2);
}

TEST_F(Spec, IdleWorkersAreNoted) {
  const auto spec = load_one(kStudy, {"execution.workers=6", "limits.trials=40"});
  ASSERT_EQ(spec.notes.size(), 1U);
  EXPECT_EQ(spec.notes[0].severity, Severity::note);
}

TEST_F(Spec, ASearchedBitWidthThatCostsNothingIsWarnedOf) {
  const std::string text = std::string(kHead) + kNetwork + R"(
operator: {type: deepshift, weight_bits: {search: {int: [2, 5]}}}
objectives: [{metric: validation.error}, {metric: inference.energy_mj}]
limits: {trials: 4}
)";
  const auto plain = load_text(text);
  ASSERT_EQ(plain.size(), 1U);
  ASSERT_EQ(plain[0].notes.size(), 1U);
  EXPECT_EQ(plain[0].notes[0].severity, Severity::warning);
  EXPECT_EQ(plain[0].notes[0].message,
            "searching 'operator.weight_bits' cannot change inference.energy_mj: 'hardware_model' charges weight_bits "
            "only when 'weight_bit_fj' is above 0");
  EXPECT_EQ(plain[0].notes[0].hint, "set meters.inference.weight_bit_fj");
  const auto charged = load_text(text, {"meters.inference={type: hardware_model, weight_bit_fj: 20}"});
  ASSERT_EQ(charged.size(), 1U);
  EXPECT_TRUE(charged[0].notes.empty());
}

TEST_F(Spec, AComplaintAboutAChosenSectionFindsItsPlaceInThatChoice) {
  const auto spec = load_one(
      "training:\n"                                     // line 6
      "  optimizer:\n"                                  // 7
      "    weight_decay: 0.5\n"                         // 8
      "    search:\n"                                   // 9
      "      choice:\n"                                 // 10
      "        - {type: sgd, nesterov: true}\n"         // 11
      "        - {type: adam, label: a, eps: 0.5}\n" +  // 12
      std::string(kGoals));
  const auto line_of = [&](const std::string& label, const std::string& key) {
    Configuration configuration = spec.space.default_configuration();
    configuration.values["training.optimizer"] = label;
    const Value resolved = spec.resolve(configuration);
    const Origins origins = spec.origins_of(configuration);
    return ConfigView(resolved, "", origins).section("training").section("optimizer").where(key).line;
  };
  EXPECT_EQ(line_of("sgd", "nesterov"), 11);
  EXPECT_EQ(line_of("a", "eps"), 12);
  EXPECT_EQ(line_of("a", "betas"), 12) << "a default has the place of its section";
  EXPECT_EQ(line_of("a", "weight_decay"), 8);
  EXPECT_EQ(line_of("sgd", "weight_decay"), 8);
}

TEST_F(Spec, APluginsOwnComplaintAboutAnOptionOfTheCommandLineNamesIt) {
  const auto spec = load_one("", {"backbone.hidden=70"});
  const ConfigView experiment(spec.tree, "", spec.origins);
  EXPECT_EQ(experiment.section("backbone").where("hidden").file, "--set");
  EXPECT_EQ(experiment.section("backbone").where("conv1").line, 5);
}

TEST_F(Spec, APathIsTakenRelativeToItsFileAndMustExist) {
  Files files({{"test.yaml", std::string(kHead) + "dataset: {type: mnist, root: data}\nbackbone: simple_cnn\n"}});
  EXPECT_TRUE(files.load("test.yaml").empty());
  ASSERT_EQ(files.diagnostics.errors(), 1);
  const Diagnostic& refused = files.diagnostics.all().front();
  EXPECT_EQ(refused.message, "'root' must be a folder that exists, got data   (schema: datasets/mnist)");
  EXPECT_EQ(refused.hint, "relative to this file it is " + files.path("data").string());
  EXPECT_EQ(refused.where.line, 4);
  std::filesystem::create_directory(files.path("data"));
  const auto specs = files.load("test.yaml");
  ASSERT_EQ(specs.size(), 1U);
  EXPECT_EQ(at_path(specs[0].tree, "dataset.root"), Value(files.path("data").string()));
}

TEST_F(Spec, APluginsOwnComplaintFindsItsPlace) {
  const auto spec = load_one("");
  const ConfigView experiment(spec.tree, "", spec.origins);
  try {
    experiment.section("backbone").error("hidden", "is too large");
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_EQ(e.diagnostics().front().where.line, 5);
  }
}

}  // namespace
}  // namespace dsnn::config
