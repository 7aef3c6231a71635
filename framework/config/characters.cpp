#include "config/characters.h"

#include <cstdio>

#include "dsnn/text.h"

namespace dsnn::config {
namespace {

[[noreturn]] void refuse(const Place& place, const std::string& message, const std::string& hint) {
  throw ConfigError({diagnostic_at(place, message, hint)});
}

std::string byte_text(char c) {
  char text[16];
  std::snprintf(text, sizeof text, "the byte 0x%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return text;
}

/// Other encodings that the YAML parser would take.
void check_encoding(std::string_view text, const Place& top) {
  const bool marked = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  const bool wide = text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0');
  if (marked || wide) refuse(top, "this file is UTF-16 or UTF-32 text", "save it as UTF-8");
}

void check_lines(const Source* source) {
  for (size_t n = 0; n < source->lines.size(); ++n) {
    const std::string& line = source->lines[n];
    Place place{.source = source, .line = static_cast<int>(n) + 1};
    const size_t first = line.find_first_not_of(" \t");
    const size_t tab = line.find('\t');
    if (first != std::string::npos && line[first] != '#' && tab < first) {
      place.column = static_cast<int>(tab) + 1;
      refuse(place, "a tab in the indentation", "indent with spaces");
    }
    for (size_t i = 0; i < line.size();) {
      const CodePoint at = code_point_at(line, i);
      place.column = static_cast<int>(i) + 1;
      if (at.bytes == 0) refuse(place, byte_text(line[i]) + " is no UTF-8", "save the file as UTF-8 text");
      if (is_control(at.value) && at.value != '\t') {
        refuse(place, "control character " + name_of_control(at.value) + " in the text",
               "remove it; files are UTF-8 text");
      }
      i += at.bytes;
    }
  }
}

}  // namespace

size_t find_steering(std::string_view text) {
  size_t at = find_control(text);
  while (at != std::string::npos && (text[at] == '\n' || text[at] == '\t')) {
    const size_t next = find_control(text.substr(at + 1));
    at = next == std::string::npos ? next : at + 1 + next;
  }
  return at;
}

void check_characters(std::string_view text, const Source* source) {
  check_encoding(text, {.source = source, .line = 1, .column = 1});
  check_lines(source);
}

}  // namespace dsnn::config
