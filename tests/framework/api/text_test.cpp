#include "dsnn/text.h"

#include <gtest/gtest.h>

namespace dsnn {
namespace {

constexpr size_t kNone = std::string_view::npos;

TEST(Text, KnowsUtf8FromWhatOnlyLooksLikeIt) {
  EXPECT_EQ(find_bad_utf8("Gr\u00F6\u00DFe \u6F22 \U0001F600"), kNone);
  EXPECT_EQ(find_bad_utf8("caf\xE9"), 3U) << "Latin-1";
  EXPECT_EQ(find_bad_utf8("a\xC0\xAF"), 1U) << "an overlong slash";
  EXPECT_EQ(find_bad_utf8("a\xE0\x80\xAF"), 1U) << "an overlong slash of three bytes";
  EXPECT_EQ(find_bad_utf8("ab\xED\xA0\x80"), 2U) << "a surrogate";
  EXPECT_EQ(find_bad_utf8("\xF4\x90\x80\x80"), 0U) << "above U+10FFFF";
  EXPECT_EQ(find_bad_utf8("a\xE6\xBC"), 1U) << "cut off";
  EXPECT_EQ(find_bad_utf8("a\x80"), 1U) << "a continuation of nothing";
}

TEST(Text, FindsWhatAReaderDoesNotSee) {
  EXPECT_EQ(find_control("error, 50 % \u00B5"), kNone);
  for (const char* hidden :
       {"\x1b", "\x7f", "\t", "\n", "\u0085", "\u009b", "\u202e", "\u2066", "\u200f", "\u2028", "\ufeff"}) {
    EXPECT_EQ(find_control(std::string("ab") + hidden), 2U) << printable(hidden);
  }
  EXPECT_EQ(find_control(std::string("a\0", 2)), 1U);
  EXPECT_EQ(find_control("a\xFF"), 1U);
}

TEST(Text, ShowsControlsAsEscapesAndKeepsTheRest) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\n\tc"), "a\\x1b[2Jb\\x0d\\n\\tc");
  EXPECT_EQ(printable("\u202etxt.exe \u00F6"), "\\u202etxt.exe \u00F6");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m caf\xE9"),
            "\\x9b31m caf\\xe9");
  EXPECT_EQ(printable_lines("a\tb\n\x1b"), "a\tb\n\\x1b");
}

TEST(Text, ClipsBetweenCharacters) {
  EXPECT_EQ(clipped("abc", 5), "abc");
  EXPECT_EQ(clipped("a\u00F6b", 2), "a");
  EXPECT_EQ(clipped("a\u00F6b", 3), "a\u00F6");
}

}  // namespace
}  // namespace dsnn
