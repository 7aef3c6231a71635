#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <new>
#include <sstream>
#include <string_view>
#include <system_error>

#include "command_line.h"
#include "config/did_you_mean.h"
#include "dsnn/error.h"
#include "dsnn/log.h"
#include "dsnn/text.h"
#include "dsnn/version.h"
#include "log/log.h"
#include "verbs.h"

namespace dsnn::cli {
namespace {

constexpr int kFailed = 1, kUsage = 2, kInternal = 70, kIoError = 74;

int say(int exit_code, const std::string& text) {
  std::fprintf(stderr, "dsnn-run: error: %s\n", printable_lines(text).c_str());
  return exit_code;
}

void start_log(const Global& global) {
  logging::Options options;
  options.json = global.log_json;
  options.with_time = global.verbosity > 1;
  if (global.quiet) options.console_level = LogLevel::warning;
  if (global.verbosity > 0 || global.debug) options.console_level = LogLevel::debug;
  logging::start(options);
}

/// Plugins complain with a place but without the text of the line.
Diagnostic with_source_line(Diagnostic diagnostic) {
  if (!diagnostic.source_line.empty() || diagnostic.where.line == 0) return diagnostic;
  std::ifstream file(diagnostic.where.file);
  for (int line = 1; line <= diagnostic.where.line && std::getline(file, diagnostic.source_line); ++line) {
  }
  return diagnostic;
}

int report(const ConfigError& error) {
  for (const Diagnostic& diagnostic : error.diagnostics()) {
    std::fputs(format(with_source_line(diagnostic)).c_str(), stderr);
  }
  return error.exit_code();
}

int unknown_verb(const std::string& name) {
  for (const LaterVerb& later : later_verbs()) {
    if (later.name == name)
      return say(kUsage, "this build does not have '" + name + "' yet (" + std::string(later.summary) + ")");
  }
  std::vector<std::string> names;
  for (const auto& verb : make_verbs()) names.push_back(verb->name());
  const auto nearest = config::did_you_mean(name, names);
  return say(kUsage, "unknown verb '" + name + "'" +
                         (nearest ? "; did you mean '" + *nearest + "'?" : "; see: dsnn-run --help"));
}

/// A typing error in an environment variable would otherwise choose other folders in silence.
void warn_of_missing_folders() {
  for (const char* name : {"DSNN_DATA", "DSNN_PLUGIN_PATH", "DSNN_TORCH_DIR", "DSNN_GOLDEN"}) {
    const char* value = std::getenv(name);
    std::istringstream folders(value == nullptr ? "" : value);
    const char separator = std::string_view(name) == "DSNN_PLUGIN_PATH" ? ':' : '\0';
    for (std::string folder; std::getline(folders, folder, separator);) {
      std::error_code error;
      if (folder.empty() || std::filesystem::is_directory(folder, error)) continue;
      log(LogLevel::warning, std::string("the environment variable ") + name + " names '" + folder +
                                 "', which is no folder" + (error ? " (" + error.message() + ")" : "") +
                                 "; nothing is looked for there");
    }
  }
}

int run_verb(const CommandLine& line) {
  const auto verbs = make_verbs();
  const auto found =
      std::find_if(verbs.begin(), verbs.end(), [&](const auto& verb) { return verb->name() == line.verb; });
  if (found == verbs.end()) return unknown_verb(line.verb);
  if (line.help) {
    std::cout << verb_help(**found);
    return 0;
  }
  const VerbArguments arguments = parse_arguments(**found, line.rest);
  start_log(line.global);
  if (line.verb != "worker" && line.verb != "completion") warn_of_missing_folders();
  return (*found)->run(arguments.options, arguments.positional, line.global);
}

int run(const CommandLine& line) {
  if (line.version) {
    std::cout << "dsnn-run " << kVersion << " (language " << kLanguage << ")\n";
    return 0;
  }
  if (line.verb.empty() && !line.help) {
    std::cerr << general_help();
    return kUsage;
  }
  if (line.verb.empty()) {
    std::cout << general_help();
    return 0;
  }
  return run_verb(line);
}

/// Every documented error as its sentence and code. With --debug an internal error is left to end in a core dump.
int run_guarded(const CommandLine& line) {
  try {
    return run(line);
  } catch (const ConfigError& e) {
    return report(e);
  } catch (const PluginError& e) {
    return say(e.exit_code(), e.what());
  } catch (const ExitError& e) {
    return say(e.exit_code(), e.what());
  } catch (const EvaluationError& e) {
    return say(kFailed, e.what());
  } catch (const std::bad_alloc&) {
    return say(kInternal, "out of memory; give this process more, or lower execution.workers");
  } catch (const std::exception& e) {
    if (line.global.debug) throw;
    return say(kInternal, "internal error: " + std::string(e.what()) +
                              ". This is a bug in dsnn-run; run the same line with --debug and report it");
  }
}

/// `dsnn-run run ... | head`: nobody is left to be told.
bool reader_is_gone() {
  pollfd out{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int main_of(const std::vector<std::string>& words) {
  CommandLine line;
  try {
    line = read_command_line(words);
  } catch (const ExitError& e) {
    return say(e.exit_code(), e.what());
  }
  const int code = run_guarded(line);
  std::cout.flush();
  if (!std::cout && !reader_is_gone()) return say(kIoError, "standard output cannot be written; is the disk full?");
  return code;
}

}  // namespace
}  // namespace dsnn::cli

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the write, as a full disk is
  return dsnn::cli::main_of(std::vector<std::string>(argv + 1, argv + argc));
}
