#include "config/merge.h"
#include "config/key_path.h"

#include <gtest/gtest.h>

#include "load_text.h"

namespace dsnn::config {
namespace {

Node parse(const std::string& text) {
  static Sources sources;
  return parse_document(text, {.name = "t.yaml", .folder = {}, .lines = {}}, sources);
}

std::vector<std::string> keys(const Node& map) {
  std::vector<std::string> out;
  for (const Entry& entry : map.entries) out.push_back(entry.key);
  return out;
}

TEST(Merge, MapsMergeAndListsReplace) {
  const Node out = merge(parse("a: {x: 1, y: [1, 2]}\nb: 1\n"), parse("a: {y: [3], z: 4}\n"), "");
  EXPECT_EQ(keys(out), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(out.find("a")->find("y")->items.size(), 1U);
  EXPECT_EQ(out.find("a")->find("x")->text, "1");
}

TEST(Merge, AnotherTypeDropsTheOldKeysExceptShared) {
  const Node out =
      merge(parse("optimizer: {type: sgd, momentum: 0.9, lr: 0.1}\n"), parse("optimizer: {type: adam}\n"), "");
  EXPECT_EQ(keys(*out.find("optimizer")), (std::vector<std::string>{"lr", "type"}));
}

TEST(Merge, TheSameTypeKeepsThem) {
  const Node out =
      merge(parse("optimizer: {type: sgd, momentum: 0.9}\n"), parse("optimizer: {type: sgd, lr: 1.0}\n"), "");
  EXPECT_EQ(out.find("optimizer")->find("momentum")->text, "0.9");
}

TEST(Merge, TheShortFormIsAType) {
  const Node dropped =
      merge(parse("operator: {type: deepshift, method: ps, depth: 3}\n"), parse("operator: float\n"), "");
  EXPECT_EQ(dropped.find("operator")->find("type")->text, "float");
  EXPECT_EQ(dropped.find("operator")->find("method"), nullptr);
  EXPECT_EQ(dropped.find("operator")->find("depth")->text, "3");
  const Node kept = merge(parse("backbone: simple_cnn\n"), parse("backbone: {dropout: 0.1}\n"), "");
  EXPECT_EQ(kept.find("backbone")->find("type")->text, "simple_cnn");
}

TEST(Merge, ASearchReplacesTheSection) {
  const Node out = merge(parse("optimizer: {type: sgd, momentum: 0.9, lr: 0.1}\n"),
                         parse("optimizer: {search: {choice: [sgd, adam]}}\n"), "");
  EXPECT_EQ(keys(*out.find("optimizer")), (std::vector<std::string>{"lr", "search"}));
  const Node back = merge(out, parse("optimizer: {type: sgd}\n"), "");
  EXPECT_EQ(keys(*back.find("optimizer")), (std::vector<std::string>{"lr", "type"}));
}

TEST(Merge, ADomainOfAValueReplacesItWhole) {
  const Node out =
      merge(parse("p: {search: {int: [1, 2], log: true}}\n"), parse("p: {search: {float: [0.1, 2.0]}}\n"), "");
  EXPECT_EQ(out.find("p")->find("search")->find("log"), nullptr);
}

TEST(Merge, ANullRemovesAndABlankIsRefused) {
  for (const char* null : {"a: {x: null}\n", "a: {x: ~}\n", "a:\n  x: null # gone\n"}) {
    EXPECT_TRUE(merge(parse("a: {x: 1}\n"), parse(null), "").find("a")->find("x")->is_null()) << null;
  }
  for (const char* blank : {"a: {x: }\n", "a:\n", "a:\nnull_too: 1\n", "a:\n  x:\n  y: 1\n", "a: {x: , y: 1}\n"}) {
    EXPECT_THROW(merge(parse("a: {x: 1}\n"), parse(blank), ""), ConfigError) << blank;
  }
  EXPECT_TRUE(merge(parse("b: 1\n"), parse("a:\n"), "").find("a")->is_null());  // nothing there to lose
}

TEST(Assign, ReachesIntoAlternativesAndNamedItems) {
  Node root =
      parse("optimizer: {search: {choice: [sgd, {type: adam}]}}\nobjectives: [{name: error, goal: minimize}]\n");
  assign(root, "optimizer.sgd.lr", {}, parse("v: 0.1\n").entries[0].value, Assign::replace);
  assign(root, "objectives[error].goal", {}, parse("v: maximize\n").entries[0].value, Assign::replace);
  EXPECT_EQ(root.find("optimizer")->find("search")->find("choice")->items[0].find("lr")->text, "0.1");
  EXPECT_EQ(root.find("objectives")->items[0].find("goal")->text, "maximize");
}

TEST(Assign, SettingATypeDropsTheOldKeys) {
  Node root = parse("training: {optimizer: {type: sgd, momentum: 0.9, lr: 0.1}}\n");
  assign(root, "training.optimizer.type", {}, parse("v: adam\n").entries[0].value, Assign::replace);
  EXPECT_EQ(root.find("training")->find("optimizer")->find("momentum"), nullptr);
}

TEST(Assign, RefusesAPathDeeperThanAnyFile) {
  Node root = empty_map();
  std::string path = "a";
  for (int i = 0; i < 1000; ++i) path += ".a";
  EXPECT_THROW(assign(root, path, {}, Node(), Assign::replace), ConfigError);
}

class Extends : public NeedsTrain {};

TEST_F(Extends, LaysTheFileOverItsParents) {
  Files files({{"base.yaml", std::string("schema: dsnn/1\nname: not_inherited\nseed: 3\n") + kNetwork +
                                 "training: {epochs: 5, batch_size: 64}\n"},
               {"middle.yaml", "schema: dsnn/1\nextends: base.yaml\ntraining: {epochs: 6}\n"},
               {"leaf.yaml", "schema: dsnn/1\nextends: middle.yaml\nname: leaf\ntraining: {batch_size: null}\n"}});
  const auto specs = files.load("leaf.yaml");
  ASSERT_EQ(specs.size(), 1U) << files.diagnostics.text();
  EXPECT_EQ(specs[0].name, "leaf");
  EXPECT_EQ(specs[0].seed, 3);
  EXPECT_EQ(at_path(specs[0].tree, "training.epochs").integer(), 6);
  EXPECT_EQ(at_path(specs[0].tree, "training.batch_size").integer(), 128);  // null: the default returns
  EXPECT_EQ(specs[0].parents.size(), 2U);
  EXPECT_EQ(specs[0].origins.find("training.epochs")->second.file, files.path("middle.yaml").string());
}

TEST_F(Extends, RefusesMoreThanFourParents) {
  std::map<std::string, std::string> texts = {{"f0.yaml", std::string("schema: dsnn/1\n") + kNetwork}};
  for (int i = 1; i <= 5; ++i) {
    texts["f" + std::to_string(i) + ".yaml"] =
        "schema: dsnn/1\nname: f\nextends: f" + std::to_string(i - 1) + ".yaml\n";
  }
  Files files(texts);
  EXPECT_EQ(files.load("f4.yaml").size(), 1U);
  EXPECT_TRUE(files.load("f5.yaml").empty());
}

}  // namespace
}  // namespace dsnn::config
