#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "dsnn/log.h"

/// The program's log. The only place that knows spdlog; everyone else calls dsnn::log().
namespace dsnn::logging {

struct Options {
  LogLevel console_level = LogLevel::info;
  bool json = false;       ///< one JSON object per line on the console
  bool with_time = false;  ///< console lines start with the time of day
};

/// Sends dsnn::log() to stderr from now on, in colour when it is a terminal and NO_COLOR is unset or empty. Calling it
/// again replaces the console's settings. Call it before any other thread runs.
void start(const Options& options);

/// Also appends every line, whatever its level, to this file ("2026-01-31T12:00:00.000Z info text"), made when missing.
/// Throws ExitError 73 when it cannot be opened.
void add_file(const std::filesystem::path& file);

/// Stops writing to the files of add_file(), after everything was written.
void close_files();

/// Called before and after each line on the console, so that a live region can be taken away and drawn again.
void set_console_hooks(std::function<void()> before, std::function<void()> after);

}  // namespace dsnn::logging
