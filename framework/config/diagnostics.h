#pragma once

#include <string>
#include <vector>

#include "dsnn/error.h"

namespace dsnn::config {

/// Collects every message of one or more files; nothing stops at the first error.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic);
  void add(const ConfigError& error);
  bool has_errors() const { return errors_ > 0; }
  int errors() const { return errors_; }
  const std::vector<Diagnostic>& all() const { return all_; }
  /// 65, or 78 when a safety limit refused a file.
  int exit_code() const { return exit_code_; }
  /// All messages in file order, then the count line: "3 errors in 1 file; nothing was run.". Ends in a newline.
  std::string text() const;
  void count_file() { ++files_; }

 private:
  std::vector<Diagnostic> all_;
  int errors_ = 0, files_ = 0, exit_code_ = 65;
};

/// Fills in the line of text that a diagnostic without one points to, where its file can still be read.
void add_source_line(Diagnostic& diagnostic);

}  // namespace dsnn::config
