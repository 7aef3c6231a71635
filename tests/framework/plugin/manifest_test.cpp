#include "plugin/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace dsnn::plugin {
namespace {

using ::testing::HasSubstr;

std::string component(const std::string& fields, const std::string& kind = "operator",
                      const std::string& name = "acme.fold") {
  return R"({"manifest":1,"plugin":{"name":"acme","version":"1","licence":"MIT"},"components":[{"kind":")" + kind +
         R"(","name":")" + name + R"(","summary":"s","interface_version":1,"needs_torch":false,"needs_cuda":false,)" +
         R"("default_for_kind":false,"schema":)" + fields + R"(,"metrics":[]}]})";
}

/// "" when the components of this manifest can be read, else the complaint.
std::string complaint(const std::string& text) {
  PluginFile file;
  try {
    read_components(parse_manifest(text), file);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

TEST(Manifest, ReadsWhatTheSchemaBuilderWrites) {
  PluginFile file;
  read_components(
      parse_manifest(component(R"([{"key":"lr","type":"float","default":1e-3,"min_exclusive":0.0,"doc":"d"}])")), file);
  ASSERT_EQ(file.components.size(), 1U);
  EXPECT_EQ(file.components[0].kind, Kind::op);
  EXPECT_EQ(file.components[0].schema.items()[0].at("default").number(), 1e-3);
}

TEST(Manifest, EndsAtAZeroByte) {
  const std::string text = component("[]") + std::string(9, '\0');
  EXPECT_EQ(complaint(text), "");
}

TEST(Manifest, RefusesBadSchemas) {
  EXPECT_THAT(complaint(component("7")), HasSubstr("is no list"));
  EXPECT_THAT(complaint(component(R"([{"key":"a","type":"flaot"}])")),
              HasSubstr("unknown type 'flaot' in 'a' of operator 'acme.fold'"));
  EXPECT_THAT(complaint(component(R"([{"key":"a","type":"int","default":1.5}])")),
              HasSubstr("the default of 'a' of operator 'acme.fold' is no int"));
  EXPECT_THAT(complaint(component(R"([{"key":"a","type":"int"},{"key":"a","type":"int"}])")),
              HasSubstr("declared twice"));
  EXPECT_THAT(complaint(component(R"([{"key":"run","type":"int"}])")), HasSubstr("reserves"));
  EXPECT_THAT(complaint(component(R"([{"key":"a","type":"enum"}])")), HasSubstr("lacks 'choices'"));
  EXPECT_THAT(complaint(component(R"([{"key":"a","type":"component","kind":"engine"}])")),
              HasSubstr("unknown kind 'engine'"));
  EXPECT_THAT(complaint(component(R"([{"key":"a","type":"int","min":"low"}])")),
              HasSubstr("'min' of 'a' of operator 'acme.fold' is no number"));
  EXPECT_THAT(complaint(component(R"([{"key":"a","type":"map","fields":[{"key":"b","type":"x"}]}])")),
              HasSubstr("unknown type 'x'"));
}

TEST(Manifest, TakesAWordAsTheDefaultOfANumber) {
  EXPECT_EQ(complaint(component(R"([{"key":"depth","type":"int","default":"all","words":["all"]}])")), "");
}

TEST(Manifest, RefusesBadNamesAndKinds) {
  EXPECT_THAT(complaint(component("[]", "engine")), HasSubstr("a kind this dsnn-run does not know"));
  EXPECT_THAT(complaint(component("[]", "operator", "Acme")), HasSubstr("must be lower-case"));
  EXPECT_THAT(complaint(component("[]", "operator", "a.b.c")), HasSubstr("must be lower-case"));
}

TEST(Manifest, RefusesWhatIsNoJson) {
  EXPECT_THAT(complaint("{\"manifest\":"), HasSubstr("has a bad manifest: no valid JSON at byte"));
  EXPECT_THAT(complaint(R"({"components":[]})"), HasSubstr("lists no component"));
}

TEST(Manifest, RefusesAnotherVersionOfItself) {
  PluginFile file;
  try {
    read_identity(parse_manifest(R"({"manifest":2})"), file);
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_THAT(e.what(), HasSubstr("a manifest of version 2; this dsnn-run reads version 1"));
  }
}

}  // namespace
}  // namespace dsnn::plugin
