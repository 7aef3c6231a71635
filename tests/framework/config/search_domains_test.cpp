#include "config/search_domains.h"

#include <gtest/gtest.h>

#include "load_text.h"

namespace dsnn::config {
namespace {

const Parameter& parameter(const ExperimentSpec& spec, const std::string& id) {
  const int index = spec.space.index_of(id);
  if (index < 0) throw std::runtime_error("no parameter " + id);
  return spec.space.parameters()[static_cast<size_t>(index)];
}

class SearchDomains : public NeedsTrain {};

TEST_F(SearchDomains, AParametersIdIsItsKeyPath) {
  const auto spec =
      load_one(std::string(kGoals) + "operator: {type: deepshift, method: ps, weight_bits: {search: {int: [2, 5]}}}\n");
  EXPECT_EQ(spec.space.size(), 1U);
  EXPECT_EQ(parameter(spec, "operator.weight_bits").domain.type, Domain::Type::integer);
}

TEST_F(SearchDomains, AnAlternativesKeysAreActiveUnderItOnly) {
  const auto spec = load_one(std::string(kGoals) + R"(
training:
  optimizer:
    search:
      choice:
        - {type: sgd, momentum: {search: {float: [0.0, 0.9]}}}
        - {label: fast, type: adam}
)");
  const Parameter& momentum = parameter(spec, "training.optimizer.sgd.momentum");
  ASSERT_EQ(momentum.active_when.size(), 1U);
  EXPECT_EQ(momentum.active_when[0].parent, spec.space.index_of("training.optimizer"));
  Configuration taken;
  taken.values["training.optimizer"] = Value("fast");
  const Value resolved = spec.resolve(taken);
  EXPECT_EQ(at_path(resolved, "training.optimizer.type").string(), "adam");
  EXPECT_EQ(at_path(resolved, "training.optimizer").find("momentum"), nullptr);
}

TEST_F(SearchDomains, AKeyBesideSearchIsOneParameterOfAllChoices) {
  const auto spec = load_one(std::string(kGoals) +
                             "training: {optimizer: {lr: {search: {float: [1e-3, 0.3], log: true}}, search: {choice: "
                             "[sgd, adam], default: adam}}}\n");
  EXPECT_EQ(spec.space.size(), 2U);
  EXPECT_TRUE(parameter(spec, "training.optimizer.lr").active_when.empty());
  EXPECT_EQ(parameter(spec, "training.optimizer").default_value, Value("adam"));
  Configuration taken;
  taken.values["training.optimizer"] = Value("sgd");
  taken.values["training.optimizer.lr"] = Value(0.25);
  EXPECT_EQ(at_path(spec.resolve(taken), "training.optimizer.lr").number(), 0.25);
}

/// Numbers of the values of `parent` under which a parameter is active, as ranges.
std::vector<std::pair<int64_t, int64_t>> active_values(const ExperimentSpec& spec, const std::string& id,
                                                       const std::string& parent) {
  std::vector<std::pair<int64_t, int64_t>> out;
  for (const Condition& c : parameter(spec, id).active_when) {
    EXPECT_EQ(c.parent, spec.space.index_of(parent));
    out.emplace_back(c.first, c.last);
  }
  return out;
}

using Ranges = std::vector<std::pair<int64_t, int64_t>>;

TEST_F(SearchDomains, AtDepthZeroTheOperatorsOtherKeysAreInactive) {
  const auto spec = load_one(std::string(kGoals) + R"(
operator:
  type: deepshift
  method: {search: {choice: [q, ps]}}
  weight_bits: {search: {int: [2, 5]}}
  overrides: [{layers: [stem], type: deepshift, weight_bits: {search: {int: [4, 5]}}}]
  depth: {search: {int: [0, 3]}}
)");
  EXPECT_EQ(active_values(spec, "operator.weight_bits", "operator.depth"), (Ranges{{1, 3}}));
  EXPECT_EQ(active_values(spec, "operator.method", "operator.depth"), (Ranges{{1, 3}}));
  EXPECT_TRUE(parameter(spec, "operator.overrides[0].weight_bits").active_when.empty());
  EXPECT_EQ(spec.space.count(), 2 * (1 + 3 * 2 * 4));
  Configuration shallow;
  shallow.values["operator.depth"] = Value(0);
  shallow.values["operator.overrides[0].weight_bits"] = Value(4);
  EXPECT_EQ(spec.space.repaired(shallow), shallow);
  EXPECT_EQ(at_path(spec.resolve(shallow), "operator.weight_bits").integer(), 5);
}

TEST_F(SearchDomains, ADepthThatIsNeverZeroSwitchesNothingOff) {
  const auto spec = load_one(std::string(kGoals) + R"(
operator: {type: deepshift, weight_bits: {search: {int: [2, 5]}}, depth: {search: {choice: [2, all]}}}
)");
  EXPECT_TRUE(parameter(spec, "operator.weight_bits").active_when.empty());
}

TEST_F(SearchDomains, ADepthInsideAnAlternativeGatesThatAlternativesKeys) {
  const auto spec = load_one(std::string(kGoals) + R"(
operator:
  search:
    choice:
      - float
      - {type: deepshift, weight_bits: {search: {int: [2, 5]}}, depth: {search: {choice: [0, 2, all]}}}
)");
  EXPECT_EQ(active_values(spec, "operator.deepshift.depth", "operator"), (Ranges{{1, 1}}));
  EXPECT_EQ(active_values(spec, "operator.deepshift.weight_bits", "operator.deepshift.depth"), (Ranges{{1, 2}}));
  EXPECT_EQ(spec.space.count(), 1 + (1 + 2 * 4));
}

TEST_F(SearchDomains, ADepthBesideSearchIsSharedAndGatesNoAlternative) {
  const auto spec = load_one(std::string(kGoals) + R"(
operator:
  depth: {search: {int: [0, 2]}}
  search: {choice: [float, {type: deepshift, weight_bits: {search: {int: [2, 5]}}}]}
)");
  EXPECT_EQ(active_values(spec, "operator.deepshift.weight_bits", "operator"), (Ranges{{1, 1}}));
}

TEST_F(SearchDomains, ADeclaredParameterIsOneWhereverItIsUsed) {
  const auto spec = load_one(std::string(kGoals) + R"(
parameters: {bits: {int: [2, 5], default: 4}}
operator:
  type: deepshift
  weight_bits: {search: bits}
  overrides: [{layers: [classifier], type: deepshift, weight_bits: {search: bits}}]
)");
  ASSERT_EQ(spec.space.size(), 1U);
  EXPECT_EQ(spec.space.parameters()[0].id, "parameters.bits");
  const Value resolved = resolved_default(spec);
  EXPECT_EQ(at_path(resolved, "operator.weight_bits").integer(), 4);
  EXPECT_EQ(at_path(resolved, "operator").at("overrides").items()[0].at("weight_bits").integer(), 4);
}

TEST_F(SearchDomains, ADeclaredParameterIsActiveWhenAnyUseIs) {
  const auto spec = load_one(std::string(kGoals) + R"(
parameters: {rate: {float: [1e-3, 0.3], log: true}}
training:
  optimizer:
    search:
      choice:
        - {type: sgd, lr: {search: rate}}
        - {type: adam, lr: {search: rate}}
        - {type: adagrad}
)");
  ASSERT_EQ(spec.space.size(), 2U);
  EXPECT_EQ(active_values(spec, "parameters.rate", "training.optimizer"), (Ranges{{0, 1}}));
  Configuration off;
  off.values["training.optimizer"] = Value("adagrad");
  EXPECT_FALSE(spec.space.active(off)[static_cast<size_t>(spec.space.index_of("parameters.rate"))]);
}

TEST_F(SearchDomains, TheDefaultIsTheSchemasWhenItIsInside) {
  const auto spec = load_one(std::string(kGoals) +
                             "training: {batch_size: {search: {choice: [64, 128, 256]}}, optimizer: {type: sgd, lr: "
                             "{search: {float: [0.5, 0.9]}}}}\n");
  EXPECT_EQ(parameter(spec, "training.batch_size").default_value, Value(128));
  EXPECT_EQ(parameter(spec, "training.optimizer.lr").default_value, Value(0.5));
}

TEST_F(SearchDomains, AKeywordOfAnIntegerCanBeAChoice) {
  const auto spec = load_one(std::string(kGoals) +
                             "operator: {type: deepshift, depth: {search: {choice: [0, 2, all], ordered: true}}}\n");
  const Domain& domain = parameter(spec, "operator.depth").domain;
  EXPECT_TRUE(domain.ordered);
  EXPECT_EQ(domain.choices.back(), Value("all"));
}

TEST_F(SearchDomains, AWholeBackboneCanBeSearched) {
  const auto spec =
      load_text(std::string(kHead) +
                "dataset: fashion_mnist\nbackbone: {search: {choice: [simple_linear, simple_cnn]}}\n" + kGoals)[0];
  Configuration taken;
  taken.values["backbone"] = Value("simple_cnn");
  EXPECT_EQ(at_path(spec.resolve(taken), "backbone.type").string(), "simple_cnn");
}

TEST_F(SearchDomains, MapsNeedLabelsAndKeepThem) {
  const auto spec = load_one(std::string(kGoals) + R"(
operator:
  type: deepshift
  fixed_point:
    search:
      choice:
        - {label: wide, integer: 16, fraction: 16}
        - {label: low, integer: {search: {int: [2, 8]}}, fraction: 8}
      default: wide
)");
  EXPECT_EQ(parameter(spec, "operator.fixed_point").default_value, Value("wide"));
  EXPECT_EQ(parameter(spec, "operator.fixed_point.low.integer").active_when.size(), 1U);
  EXPECT_EQ(at_path(resolved_default(spec), "operator.fixed_point.integer").integer(), 16);
  EXPECT_EQ(at_path(resolved_default(spec), "operator.fixed_point").find("label"), nullptr);
}

TEST_F(SearchDomains, ACommonKeyInsideAMapThatAChoiceExtendsIsOneParameter) {
  const auto spec = load_one(std::string(kGoals) + R"(
operator:
  fixed_point: {integer: {search: {int: [2, 8]}}}
  search:
    choice:
      - {type: deepshift, label: q, fixed_point: {fraction: 4}}
      - {type: deepshift, label: ps, method: ps}
)");
  ASSERT_EQ(spec.space.size(), 2U);
  EXPECT_TRUE(parameter(spec, "operator.fixed_point.integer").active_when.empty());
  EXPECT_EQ(spec.space.count(), 2 * 7);
  Configuration taken;
  taken.values["operator"] = Value("q");
  taken.values["operator.fixed_point.integer"] = Value(7);
  EXPECT_EQ(at_path(spec.resolve(taken), "operator.fixed_point.integer").integer(), 7);
  EXPECT_EQ(at_path(spec.resolve(taken), "operator.fixed_point.fraction").integer(), 4);
}

TEST_F(SearchDomains, ADomainOfACommonMapThatAChoiceExtendsIsOneParameter) {
  const auto spec = load_one(std::string(kGoals) + R"(
operator:
  fixed_point: {search: {choice: [{label: wide, integer: 16}, {label: low, integer: {search: {int: [2, 8]}}}]}}
  search:
    choice:
      - {type: deepshift, label: q, fixed_point: {fraction: 4}}
      - {type: deepshift, label: ps, method: ps}
)");
  std::vector<std::string> ids;
  for (const Parameter& p : spec.space.parameters()) ids.push_back(p.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"operator", "operator.fixed_point", "operator.fixed_point.low.integer"}));
  EXPECT_TRUE(parameter(spec, "operator.fixed_point").active_when.empty());
  EXPECT_EQ(spec.space.count(), 2 * (1 + 7));
}

TEST_F(SearchDomains, ACommonKeyThatAChoiceSetsItselfIsInactiveThere) {
  const auto spec = load_one(std::string(kGoals) + R"(
training:
  optimizer:
    lr: {search: {choice: [0.1, 0.2, 0.3]}}
    search: {choice: [adam, {type: sgd, lr: 0.5}, radam]}
)");
  EXPECT_EQ(active_values(spec, "training.optimizer.lr", "training.optimizer"), (Ranges{{0, 0}, {2, 2}}));
  EXPECT_EQ(spec.space.count(), 3 + 1 + 3);
}

TEST_F(SearchDomains, AShortFormOverACommonSectionKeepsItsKeys) {
  const auto spec = load_one(std::string(kGoals) + R"(
operator:
  fixed_point: {integer: {search: {int: [2, 8]}}}
  search: {choice: [{type: deepshift, label: q}, {type: deepshift, label: ps, method: ps, fixed_point: null}]}
)");
  EXPECT_EQ(active_values(spec, "operator.fixed_point.integer", "operator"), (Ranges{{0, 0}}));
}

TEST_F(SearchDomains, ALongRangeSwitchesKeysWithOneCondition) {
  const auto spec = load_one(std::string(kGoals) + R"(
operator: {type: deepshift, weight_bits: {search: {int: [2, 5]}}, depth: {search: {int: [0, 1000000000000]}}}
)");
  EXPECT_EQ(active_values(spec, "operator.weight_bits", "operator.depth"), (Ranges{{1, 1'000'000'000'000}}));
  EXPECT_EQ(spec.space.count(), 1 + 4e12);
}

TEST_F(SearchDomains, TwentyThousandChoicesAreReadAtOnce) {
  std::string choices;
  for (int i = 1; i <= 20'000; ++i) choices += (i == 1 ? "" : ", ") + std::to_string(i);
  const auto spec = load_one(std::string(kGoals) + "training: {batch_size: {search: {choice: [" + choices + "]}}}\n");
  EXPECT_EQ(spec.space.count(), 20'000.0);
}

TEST_F(SearchDomains, ADefaultOnTheGridIsTheGridsOwnValue) {
  const auto spec = load_one(std::string(kGoals) +
                             "training: {optimizer: {type: sgd, lr: {search: {float: [0.1, 0.9], step: 0.1, default: "
                             "0.3}}, momentum: {search: {float: [0.0, 0.95], step: 0.05}}}}\n");
  const Parameter& lr = parameter(spec, "training.optimizer.lr");
  EXPECT_EQ(lr.domain.count(), 9);
  EXPECT_EQ(lr.default_value, lr.domain.value_of(2));
  EXPECT_EQ(lr.default_value, Value(0.3));
  const Parameter& momentum = parameter(spec, "training.optimizer.momentum");
  EXPECT_EQ(momentum.default_value, momentum.domain.value_of(18));  // the schema's 0.9
}

TEST_F(SearchDomains, StepsThatMissTheEndAreNoted) {
  Files files({{"t.yaml", std::string(kHead) + kNetwork + kGoals +
                              "training: {optimizer: {type: sgd, lr: {search: {float: [0.1, 1.0], step: 0.4}}}}\n"}});
  ASSERT_EQ(files.load("t.yaml").size(), 1U);
  EXPECT_NE(files.diagnostics.text().find("the steps of this range end at 0.9, before its upper end 1"),
            std::string::npos)
      << files.diagnostics.text();
}

}  // namespace
}  // namespace dsnn::config
