#include "dsnn/log.h"

#include <cstdio>

#include "dsnn/text.h"

namespace dsnn {
namespace {

void to_stderr(LogLevel level, std::string_view text) {
  static constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
  std::fprintf(stderr, "%s: %s\n", kNames[static_cast<int>(level)], printable(text).c_str());
}

void (*g_sink)(LogLevel, std::string_view) = to_stderr;

}  // namespace

void log(LogLevel level, std::string_view text) { g_sink(level, text); }

void set_log_sink(void (*sink)(LogLevel, std::string_view)) { g_sink = sink; }

}  // namespace dsnn
