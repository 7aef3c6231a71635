#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text that comes from outside (files, plugins, stores) and goes to people.
namespace dsnn {

/// One code point of a UTF-8 text. `bytes` 0 = what stands there is no UTF-8: a stray or missing continuation, an
/// overlong form, a surrogate, or above U+10FFFF.
struct CodePoint {
  char32_t value = 0;
  size_t bytes = 0;
};
CodePoint code_point_at(std::string_view text, size_t at);

/// Where the first byte stands that is no UTF-8, or npos.
size_t find_bad_utf8(std::string_view text);

/// Whether a terminal or a reader would obey it instead of seeing it: C0, DEL, C1, what turns the direction of writing,
/// line and paragraph separators, and the byte order mark.
bool is_control(char32_t c);

/// Where the first control character or bad byte stands, or npos. A name has none.
size_t find_control(std::string_view text);

/// `text` as one line that can be shown anywhere: controls and bad bytes become "\n", "\t", "\x1b", "\u202e".
std::string printable(std::string_view text);

/// The same for a text of several lines with columns: line ends and tabs stay.
std::string printable_lines(std::string_view text);

/// The first `bytes` bytes of `text`, less where they would end inside a character.
std::string_view clipped(std::string_view text, size_t bytes);

/// "U+001B (escape)": for messages.
std::string name_of_control(char32_t c);

}  // namespace dsnn
