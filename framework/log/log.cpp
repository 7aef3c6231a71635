#include "log/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "dsnn/error.h"
#include "dsnn/text.h"
#include "dsnn/value.h"

namespace dsnn::logging {
namespace {

/// The sinks of this process; one console, any number of files.
struct State {
  std::mutex mutex;
  Options options;
  std::shared_ptr<spdlog::sinks::stderr_color_sink_st> console;
  std::vector<std::shared_ptr<spdlog::sinks::basic_file_sink_st>> files;
  std::function<void()> before, after;
};

State& state() {
  static State the_state;
  return the_state;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                  spdlog::level::err};
  return levels[static_cast<int>(level)];
}

const char* name_of(LogLevel level) {
  constexpr const char* names[] = {"debug", "info", "warning", "error"};
  return names[static_cast<int>(level)];
}

/// Plain lines carry no "info:": most lines are of that level.
std::string console_text(const Options& options, LogLevel level, const std::string& text) {
  if (options.json) return "\"level\":\"" + std::string(name_of(level)) + "\",\"text\":" + to_json(Value(text)) + "}";
  return level == LogLevel::info ? text : std::string(name_of(level)) + ": " + text;
}

const char* console_pattern(const Options& options) {
  if (options.json) return "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v";
  return options.with_time ? "%H:%M:%S.%e %^%v%$" : "%^%v%$";
}

/// Text of a plugin, a file or a network must not steer a terminal. Its further lines are set in, so that none looks
/// like a message of its own.
std::string lines_of(std::string_view text) {
  std::string out;
  while (true) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += printable(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (text.empty()) return out;
    out += "\n  ";
  }
}

void to_console(State& s, LogLevel level, const std::string& text) {
  if (level < s.options.console_level) return;
  if (s.before) s.before();
  const std::string line = console_text(s.options, level, text);
  s.console->log({spdlog::string_view_t(), to_spdlog(level), line});
  s.console->flush();
  if (s.after) s.after();
}

void sink(LogLevel level, std::string_view raw) {
  State& s = state();
  const std::string text = lines_of(raw);
  const std::lock_guard lock(s.mutex);
  to_console(s, level, s.options.json ? std::string(raw) : text);
  for (const auto& file : s.files) {
    file->log({spdlog::string_view_t(), to_spdlog(level), text});
    file->flush();
  }
}

}  // namespace

void start(const Options& options) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.options = options;
  const char* no_color = std::getenv("NO_COLOR");
  const bool plain = options.json || (no_color != nullptr && *no_color != '\0');
  s.console = std::make_shared<spdlog::sinks::stderr_color_sink_st>(plain ? spdlog::color_mode::never
                                                                          : spdlog::color_mode::automatic);
  s.console->set_color(spdlog::level::info, s.console->reset);
  const auto zone = options.json ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local;
  s.console->set_formatter(std::make_unique<spdlog::pattern_formatter>(console_pattern(options), zone));
  set_log_sink(sink);
}

void add_file(const std::filesystem::path& file) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  try {
    auto made = std::make_shared<spdlog::sinks::basic_file_sink_st>(file.string());
    made->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    s.files.push_back(std::move(made));
  } catch (const spdlog::spdlog_ex& e) {
    throw ExitError(73, "cannot write the log " + file.string() + ": " + e.what());
  }
}

void close_files() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.files.clear();
}

void set_console_hooks(std::function<void()> before, std::function<void()> after) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.before = std::move(before);
  s.after = std::move(after);
}

}  // namespace dsnn::logging
