#pragma once

#include <string_view>

namespace dsnn {

enum class LogLevel { debug, info, warning, error };

/// Writes one line to the program's log. Thread-safe. Plugins may call it; text is escaped by the sink.
void log(LogLevel level, std::string_view text);

/// Replaces the sink (default: stderr). Called once by the program, before any other thread runs.
void set_log_sink(void (*sink)(LogLevel level, std::string_view text));

}  // namespace dsnn
