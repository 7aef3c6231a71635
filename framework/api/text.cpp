#include "dsnn/text.h"

#include <cstdio>

namespace dsnn {
namespace {

unsigned byte_at(std::string_view text, size_t at) { return static_cast<unsigned char>(text[at]); }

/// Bytes of the form that begins with `lead`, and the smallest code point that needs so many; 0 when none does.
struct Form {
  size_t bytes;
  char32_t least;
};
Form form_of(unsigned lead) {
  if (lead < 0x80) return {1, 0};
  if (lead >= 0xC2 && lead < 0xE0) return {2, 0x80};
  if (lead >= 0xE0 && lead < 0xF0) return {3, 0x800};
  if (lead >= 0xF0 && lead < 0xF5) return {4, 0x10000};
  return {0, 0};
}

void append_escape(std::string& out, char32_t c) {
  char text[12];
  if (c == '\n') {
    out += "\\n";
  } else if (c == '\t') {
    out += "\\t";
  } else if (c < 0x100) {
    std::snprintf(text, sizeof text, "\\x%02x", static_cast<unsigned>(c));
    out += text;
  } else {
    std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(c));
    out += text;
  }
}

std::string shown(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const CodePoint at = code_point_at(text, i);
    if (at.bytes == 0) {
      append_escape(out, byte_at(text, i++));
      continue;
    }
    const bool keep = !is_control(at.value) || (at.bytes == 1 && kept.find(text[i]) != std::string_view::npos);
    if (keep)
      out += text.substr(i, at.bytes);
    else
      append_escape(out, at.value);
    i += at.bytes;
  }
  return out;
}

}  // namespace

CodePoint code_point_at(std::string_view text, size_t at) {
  const unsigned lead = byte_at(text, at);
  const Form form = form_of(lead);
  if (form.bytes == 1) return {static_cast<char32_t>(lead), 1};
  if (form.bytes == 0 || at + form.bytes > text.size()) return {};
  char32_t value = lead & (0x7FU >> form.bytes);
  for (size_t i = 1; i < form.bytes; ++i) {
    const unsigned next = byte_at(text, at + i);
    if ((next & 0xC0U) != 0x80U) return {};
    value = (value << 6U) | (next & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  if (value < form.least || value > 0x10FFFF || surrogate) return {};
  return {value, form.bytes};
}

size_t find_bad_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t bytes = code_point_at(text, i).bytes;
    if (bytes == 0) return i;
    i += bytes;
  }
  return std::string_view::npos;
}

bool is_control(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return true;
  const bool turns =
      c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return turns || c == 0x2028 || c == 0x2029 || c == 0xFEFF;
}

size_t find_control(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const CodePoint at = code_point_at(text, i);
    if (at.bytes == 0 || is_control(at.value)) return i;
    i += at.bytes;
  }
  return std::string_view::npos;
}

std::string printable(std::string_view text) { return shown(text, ""); }

std::string printable_lines(std::string_view text) { return shown(text, "\n\t"); }

std::string_view clipped(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (byte_at(text, bytes) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

std::string name_of_control(char32_t c) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(c));
  std::string out = text;
  if (c == 0) return out + " (NUL)";
  if (c == '\t') return out + " (tab)";
  if (c == '\n') return out + " (line feed)";
  if (c == '\r') return out + " (carriage return)";
  if (c == 0x1B) return out + " (escape)";
  if (c == 0x7F) return out + " (delete)";
  if (c == 0xFEFF) return out + " (byte order mark)";
  if (c >= 0x200E) return out + (c == 0x2028 || c == 0x2029 ? " (line separator)" : " (direction of writing)");
  if (c == 0x061C) return out + " (direction of writing)";
  return out;
}

}  // namespace dsnn
