#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace dsnn {

/// A place in a file. Line and column count from 1; 0 = unknown. `file` may also be "--set" or "default".
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;
};
/// "file:line:column", or just the file when there is no line.
std::string to_string(const SourceLocation& where);

enum class Severity { error, warning, note };

/// One message about the user's input: what, where, got, expected, what to do.
struct Diagnostic {
  Severity severity = Severity::error;
  SourceLocation where;
  std::string message;      ///< one sentence, no final full stop
  std::string hint;         ///< goes under the caret: "did you mean 'learning_rate'?"
  std::string source_line;  ///< text of the line, empty when there is none to show
  int caret_length = 1;
};
/// The compiler-style text of product.md, ending in a newline.
std::string format(const Diagnostic& diagnostic);

/// The user can mend it: bad file, bad value, bad data. Exit code 65; 78 when a safety limit refused it.
class ConfigError : public std::runtime_error {
 public:
  explicit ConfigError(std::vector<Diagnostic> diagnostics, int exit_code = 65);
  ConfigError(SourceLocation where, const std::string& message, const std::string& hint = "");
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }
  int exit_code() const { return exit_code_; }

 private:
  std::vector<Diagnostic> diagnostics_;
  int exit_code_ = 65;
};

/// A plugin the experiment names cannot be used. Exit code 65; 77 when refused for its path, owner or mode.
class PluginError : public std::runtime_error {
 public:
  explicit PluginError(const std::string& message, int exit_code = 65)
      : std::runtime_error(message), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

enum class FailKind { none, exception, signal, timeout, stall, oom, gpu_oom, plugin, lost, cancelled };
const char* to_string(FailKind kind);
FailKind fail_kind_from(const std::string& text);

/// One trial failed; the study goes on.
class EvaluationError : public std::runtime_error {
 public:
  EvaluationError(FailKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  FailKind kind() const { return kind_; }

 private:
  FailKind kind_;
};

/// Anything else that ends the program with one of the documented codes: 2 usage, 69, 70, 73, 74, 75, 77, 78.
class ExitError : public std::runtime_error {
 public:
  ExitError(int exit_code, const std::string& message) : std::runtime_error(message), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

[[noreturn]] void assert_failed(const char* expression, const char* file, int line);

}  // namespace dsnn

/// A broken invariant of this program (never of the user's input): prints expression, file and line, and aborts.
#define DSNN_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::dsnn::assert_failed(#expression, __FILE__, __LINE__))
