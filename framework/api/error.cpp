#include "dsnn/error.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "dsnn/text.h"

namespace dsnn {
namespace {

constexpr std::array kFailKinds = {"none", "exception", "signal", "timeout", "stall",
                                   "oom",  "gpu_oom",   "plugin", "lost",    "cancelled"};

std::string first_message(const std::vector<Diagnostic>& diagnostics) {
  return diagnostics.empty() ? "bad configuration" : diagnostics.front().message;
}

/// Columns count bytes; the carets of a line with other letters than ASCII stand below characters.
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string to_string(const SourceLocation& where) {
  if (where.line == 0) return where.file;
  return where.file + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
}

std::string format(const Diagnostic& d) {
  static constexpr const char* kNames[] = {"error", "warning", "note"};
  std::string out = printable(to_string(d.where));
  if (!out.empty()) out += ": ";
  out += kNames[static_cast<int>(d.severity)];
  out += ": " + printable(d.message);
  const std::string hint = printable(d.hint);
  if (d.source_line.empty() || d.where.line == 0) {
    if (!hint.empty()) out += "; " + hint;
    return out + "\n";
  }
  char number[16];
  std::snprintf(number, sizeof number, "%5d", d.where.line);
  out += "\n" + std::string(number) + " | " + printable_lines(d.source_line) + "\n      | ";
  const std::string_view line = d.source_line;
  const size_t start = std::min(line.size(), static_cast<size_t>(d.where.column > 0 ? d.where.column - 1 : 0));
  for (const char c : printable_lines(line.substr(0, start))) {
    if (!continues_character(c)) out += c == '\t' ? '\t' : ' ';
  }
  out += '^';
  const std::string marked =
      printable_lines(clipped(line.substr(start), static_cast<size_t>(std::max(1, d.caret_length))));
  for (size_t i = 1; i < marked.size(); ++i) {
    if (!continues_character(marked[i])) out += '~';
  }
  if (!hint.empty()) out += " " + hint;
  return out + "\n";
}

ConfigError::ConfigError(std::vector<Diagnostic> diagnostics, int exit_code)
    : std::runtime_error(first_message(diagnostics)), diagnostics_(std::move(diagnostics)), exit_code_(exit_code) {
  DSNN_ASSERT(!diagnostics_.empty());
}

ConfigError::ConfigError(SourceLocation where, const std::string& message, const std::string& hint)
    : std::runtime_error(message),
      diagnostics_{Diagnostic{.where = std::move(where), .message = message, .hint = hint}} {}

const char* to_string(FailKind kind) { return kFailKinds[static_cast<size_t>(kind)]; }

FailKind fail_kind_from(const std::string& text) {
  for (size_t i = 0; i < kFailKinds.size(); ++i) {
    if (text == kFailKinds[i]) return static_cast<FailKind>(i);
  }
  return FailKind::exception;
}

void assert_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s. This is a bug in dsnn-run; please report it.\n", file, line,
               expression);
  std::abort();
}

}  // namespace dsnn
