#include "config/document.h"

#include <gtest/gtest.h>

namespace dsnn::config {
namespace {

Node parse(const std::string& text) {
  static Sources sources;
  return parse_document(text, {.name = "t.yaml", .folder = {}, .lines = {}}, sources);
}

int refused(const std::string& text) {
  try {
    parse(text);
  } catch (const ConfigError& e) {
    return e.exit_code();
  }
  return 0;
}

TEST(Document, KeepsPlacesOfKeysAndValues) {
  const Node root = parse("a: 1\nbb:\n  - x\n  - {c: \"two\"}\n");
  EXPECT_EQ(root.entry("bb")->place.line, 2);
  EXPECT_EQ(root.entry("bb")->place.length, 2);
  const Node& c = *root.find("bb")->items.at(1).find("c");
  EXPECT_EQ(c.place.line, 4);
  EXPECT_EQ(c.place.column, 9);
  EXPECT_TRUE(c.quoted);
  EXPECT_FALSE(root.find("a")->quoted);
}

TEST(Document, AnAliasIsACopyOfItsText) {
  const Node root = parse("a: &x {k: 1}\nb: *x\n");
  EXPECT_EQ(root.find("b")->find("k")->text, "1");
}

TEST(Document, NullIsWhatIsWrittenSo) {
  const Node root = parse("a:\nb: null\nc: ~\nd: \"null\"\n");
  EXPECT_TRUE(root.find("a")->is_null());
  EXPECT_TRUE(root.find("b")->is_null());
  EXPECT_TRUE(root.find("c")->is_null());
  EXPECT_EQ(root.find("d")->text, "null");
}

TEST(Document, AByteOrderMarkIsNoText) {
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "a: 1\n")
                .find("a")
                ->text,
            "1");
}

TEST(Document, RefusesWhatTheLanguageLeavesOut) {
  EXPECT_EQ(refused("a: !!int 1\n"), 65);
  EXPECT_EQ(refused("a: &x {b: 1}\nc: {<<: *x}\n"), 65);
  EXPECT_EQ(refused("a: 1\n---\nb: 2\n"), 65);
  EXPECT_EQ(refused("a: 1\na: 2\n"), 65);
  EXPECT_EQ(refused("? [a, b]\n: 1\n"), 65);
  EXPECT_EQ(refused(""), 65);
}

TEST(Document, SafetyLimitsHaveTheirOwnExitCode) {
  EXPECT_EQ(refused("a: " + std::string(80, '[') + std::string(80, ']')), 78);
  EXPECT_EQ(refused("a: " + std::string(70'000, 'x')), 78);
  EXPECT_EQ(refused("a: 1\n" + std::string(kMaxFileBytes, '#')), 78);
  std::string many = "a: [";
  for (size_t i = 0; i < kMaxNodes; ++i) many += "1,";
  EXPECT_EQ(refused(many + "1]"), 78);
}

TEST(Document, AliasesCountAsWhatTheyExpandTo) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int k = 0; k < 9; ++k) bomb += ", " + below;
    bomb += "]\n";
  }
  EXPECT_EQ(refused(bomb), 78);
}

TEST(Document, ADeepAliasCannotPassTheDepthLimit) {
  std::string text = "a: &a " + std::string(40, '[') + std::string(40, ']') + "\nb: " + std::string(30, '[') + "*a" +
                     std::string(30, ']') + "\n";
  EXPECT_EQ(refused(text), 78);
}

TEST(Document, AllRepeatedKeysAreToldAtOnce) {
  try {
    parse("a: 1\nb: {c: 1, c: 2}\na: 3\n");
    FAIL() << "repeated keys must be refused";
  } catch (const ConfigError& e) {
    EXPECT_EQ(e.diagnostics().size(), 2U);
  }
}

}  // namespace
}  // namespace dsnn::config
