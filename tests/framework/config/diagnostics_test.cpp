#include "config/diagnostics.h"

#include <gtest/gtest.h>

#include "config/document.h"

namespace dsnn::config {
namespace {

Diagnostic at(const std::string& file, int line, int column, const std::string& message) {
  return {.where = {.file = file, .line = line, .column = column}, .message = message, .hint = {}, .source_line = {}};
}

TEST(Diagnostics, AreToldInFileOrderAndCounted) {
  Diagnostics all;
  all.add(at("a.yaml", 9, 1, "late"));
  all.add(at("a.yaml", 2, 5, "second"));
  all.add(at("a.yaml", 2, 1, "first"));
  all.count_file();
  EXPECT_EQ(all.text(),
            "a.yaml:2:1: error: first\na.yaml:2:5: error: second\na.yaml:9:1: error: late\n"
            "3 errors in 1 file; nothing was run.\n");
}

TEST(Diagnostics, OneMistakeSeenFromManyCellsIsOneMessage) {
  Diagnostics all;
  all.add(at("a.yaml", 1, 1, "same"));
  all.add(at("a.yaml", 1, 1, "same"));
  EXPECT_EQ(all.errors(), 1);
}

TEST(Diagnostics, NotesAreNoErrors) {
  Diagnostics all;
  Diagnostic note = at("a.yaml", 1, 1, "idle");
  note.severity = Severity::note;
  all.add(note);
  EXPECT_FALSE(all.has_errors());
  EXPECT_EQ(all.text(), "a.yaml:1:1: note: idle\n");
}

TEST(Diagnostics, ASafetyLimitDecidesTheExitCode) {
  Diagnostics all;
  all.add(ConfigError({at("a.yaml", 1, 1, "bad")}));
  EXPECT_EQ(all.exit_code(), 65);
  all.add(ConfigError({at("b.yaml", 1, 1, "bomb")}, 78));
  EXPECT_EQ(all.exit_code(), 78);
}

TEST(Diagnostics, CaretsStandBelowCharactersNotBytes) {
  Diagnostic d = at("a.yaml", 1, 7, "wrong");
  d.source_line = "\xC3\xA4\xC3\xB6: x\xC3\xBC";  // two letters of two bytes before the colon
  d.caret_length = 3;
  EXPECT_EQ(format(d), "a.yaml:1:7: error: wrong\n    1 | \xC3\xA4\xC3\xB6: x\xC3\xBC\n      |     ^~\n");
}

TEST(Diagnostics, TerminalEscapesOfTheUserAreNotRepeated) {
  const Diagnostic d = diagnostic_at({}, "unknown key '\x1B[2J'");
  EXPECT_EQ(d.message, "unknown key '\\x1b[2J'");
}

}  // namespace
}  // namespace dsnn::config
