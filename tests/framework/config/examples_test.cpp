// The acceptance corpus of the language: every file validates, or is refused only for what this build does not have.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "load_text.h"

namespace dsnn::config {
namespace {

namespace fs = std::filesystem;

bool is_about_this_build(const Diagnostic& d) {
  static const char* const kSentences[] = {"this build does not have", "this build has one", "this build applies one",
                                           "(searched: "};
  return std::any_of(std::begin(kSentences), std::end(kSentences),
                     [&](const char* s) { return d.message.find(s) != std::string::npos; });
}

class Examples : public NeedsTrain {};

TEST_F(Examples, AreRefusedOnlyForWhatThisBuildLacks) {
  const fs::path folder = fs::path(DSNN_SOURCE_DIR) / ".." / "shared" / "design" / "examples";
  if (!fs::is_directory(folder)) GTEST_SKIP() << "the examples of the design are not here";
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    Diagnostics diagnostics;
    const auto specs = load(entry.path(), {}, test_catalog(), diagnostics);
    EXPECT_NE(specs.empty(), !diagnostics.has_errors()) << entry.path();
    for (const Diagnostic& d : diagnostics.all()) {
      if (d.severity != Severity::error || d.message.find("it is a base for others") != std::string::npos) continue;
      EXPECT_TRUE(is_about_this_build(d)) << format(d);
      EXPECT_GT(d.where.line, 0) << format(d);
    }
  }
}

TEST_F(Examples, ThisProjectsExperimentsValidate) {
  const fs::path folder = fs::path(DSNN_SOURCE_DIR) / "experiments";
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    Diagnostics diagnostics;
    const auto specs = load(entry.path(), {}, test_catalog(), diagnostics);
    EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.text();
    EXPECT_FALSE(specs.empty()) << entry.path();
  }
}

}  // namespace
}  // namespace dsnn::config
