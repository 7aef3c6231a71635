#include "plugin/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "dsnn/backbone.h"
#include "dsnn/error.h"
#include "dsnn/fidelity_scheduler.h"
#include "fixture.h"

namespace dsnn::plugin {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Value section(const std::string& type) {
  Value value = Value::map();
  value.set("type", type);
  return value;
}

/// What making this backbone of a fixture throws.
std::string failure(const std::string& fixture, const std::string& type, Loader::Torch torch = Loader::Torch::refused) {
  const Catalog catalog({test::fixture_folder(fixture)});
  const Loader loader(catalog, torch);
  const Origins origins;
  const Value value = section(type);
  try {
    loader.make<Backbone>(ConfigView(value, "backbone", origins));
  } catch (const PluginError& e) {
    EXPECT_EQ(e.exit_code(), 65);
    return e.what();
  }
  return "";
}

TEST(Loader, MakesAComponent) {
  const Catalog catalog({test::fixture_folder("good")});
  const Loader loader(catalog, Loader::Torch::refused);
  const Origins origins;
  const Value value = section("fixture.tiny");
  const auto backbone = loader.make<Backbone>(ConfigView(value, "backbone", origins));
  EXPECT_EQ(backbone->build({1, 4, 4}, 3).layers.size(), 1U);
}

TEST(Loader, KeepsAFileOpenWhenItGoes) {
  const Catalog catalog({test::fixture_folder("good")});
  std::unique_ptr<Backbone> backbone;
  {
    const Loader loader(catalog, Loader::Torch::refused);
    const Origins origins;
    const Value value = section("fixture.tiny");
    backbone = loader.make<Backbone>(ConfigView(value, "backbone", origins));
  }
  EXPECT_EQ(backbone->build({1, 2, 2}, 2).outputs.at(0).name, "logits");
}

TEST(Loader, TurnsWhatAConstructorThrowsIntoAPluginError) {
  EXPECT_THAT(failure("throwing", "fixture.throws_exception"), StartsWith("backbone 'fixture.throws_exception' of "));
  EXPECT_THAT(failure("throwing", "fixture.throws_exception"), HasSubstr("could not be made: the constructor gave up"));
  EXPECT_THAT(failure("throwing", "fixture.throws_int"), HasSubstr("it threw something that is no std::exception"));
}

TEST(Loader, GivesAComplaintThePlaceOfTheKey) {
  const Catalog catalog({test::fixture_folder("throwing")});
  const Loader loader(catalog, Loader::Torch::refused);
  Value value = section("fixture.complains");
  value.set("width", 3);
  const Origins origins = {{"backbone.width", {.file = "my file.yaml", .line = 7, .column = 12}}};
  try {
    loader.make<Backbone>(ConfigView(value, "backbone", origins));
    FAIL();
  } catch (const ConfigError& e) {
    const Diagnostic& diagnostic = e.diagnostics().front();
    EXPECT_EQ(to_string(diagnostic.where), "my file.yaml:7:12");
    EXPECT_EQ(diagnostic.where.line, 7);
    EXPECT_EQ(diagnostic.message, "'width' must be even, got 3; try 4");
  }
}

TEST(Loader, RefusesABrokenEntry) {
  EXPECT_THAT(failure("no_entry", "fixture.no_entry"),
              HasSubstr("no_entry.dsnn.so has a manifest but no entry dsnn_plugin_v1"));
  EXPECT_THAT(failure("wrong_entry", "fixture.wrong_entry"),
              HasSubstr("its entry is of version 99, expected 1. Rebuild it with: "));
}

TEST(Loader, NamesTheSymbolThatIsMissing) {
  const std::string text = failure("unresolved", "fixture.unresolved");
  EXPECT_THAT(text, HasSubstr("unresolved.dsnn.so cannot be loaded: the dynamic linker says: undefined symbol: "));
  EXPECT_THAT(text, HasSubstr("defined_nowhere"));
}

TEST(Loader, LeavesLibTorchToTheWorkers) {
  if (own_build_info().torch == "none") GTEST_SKIP() << "This build has no LibTorch to refuse.";
  EXPECT_THAT(failure("torch_needed", "fixture.torch_needed"),
              HasSubstr("needs LibTorch, which only worker processes load"));
  EXPECT_EQ(failure("torch_needed", "fixture.torch_needed", Loader::Torch::allowed), "");
}

TEST(Loader, NamesWhatIsMissingAndWhy) {
  EXPECT_THAT(failure("good", "fixture.big"), HasSubstr("no backbone 'fixture.big' (searched: "));
  EXPECT_THAT(failure("wrong_abi", "fixture.wrong_abi"), HasSubstr("was built for plugin API 0123456789abcdef"));
}

TEST(Loader, LooksAgainBeforeItOpens) {
  const test::TemporaryFolder folder;
  const auto copy = folder.path() / "copy.dsnn.so";
  std::filesystem::copy_file(test::fixture_file("good"), copy);
  const Catalog catalog({folder.path()});
  const Loader loader(catalog, Loader::Torch::refused);
  std::filesystem::permissions(copy, std::filesystem::perms(0666));
  const Origins origins;
  const Value value = section("fixture.tiny");
  try {
    loader.make<Backbone>(ConfigView(value, "backbone", origins));
    FAIL();
  } catch (const PluginError& e) {
    EXPECT_EQ(e.exit_code(), 77);
  }
}

TEST(Loader, ProbesWithAReason) {
  const Catalog catalog({test::fixture_folder("throwing")});
  const Loader loader(catalog, Loader::Torch::refused);
  EXPECT_EQ(loader.probe(*catalog.find(Kind::backbone, "fixture.not_here")), "this machine lacks a fixture");
  EXPECT_EQ(loader.probe(*catalog.find(Kind::backbone, "fixture.complains")), "");
}

TEST(Loader, MakesTheProjectsOwnScheduler) {
  const Catalog catalog({std::filesystem::path(DSNN_BINARY_DIR) / "plugins"});
  const Loader loader(catalog, Loader::Torch::refused);
  const Origins origins;
  const Value value = section("full");
  const auto scheduler = loader.make<FidelityScheduler>(ConfigView(value, "fidelity", origins));
  scheduler->start({.max = {9}});
  EXPECT_EQ(scheduler->plan().size(), 1U);
}

}  // namespace
}  // namespace dsnn::plugin
