#include "config/flow_scan.h"

#include <cstring>

namespace dsnn::config {
namespace {

char closer_of(char opener) { return opener == '{' ? '}' : ']'; }
std::string shown(char c) { return std::string("'") + c + "'"; }
bool is_any_of(char c, const char* set) { return c != '\0' && std::strchr(set, c) != nullptr; }

class Scanner {
 public:
  explicit Scanner(const std::vector<std::string>& lines) : lines_(lines) {}

  std::optional<FlowFault> scan() {
    for (line_ = 0; line_ < lines_.size() && !fault_; ++line_) {
      if (!inside_block_text()) scan_line();
    }
    if (!fault_ && quote_) {
      fail(*quote_, "this quote is never closed", std::string("add ") + quote_->c + " where its text ends");
      fault_->to_the_end = true;
    }
    if (!fault_ && !open_.empty()) fail(open_.back(), "this " + shown(open_.back().c) + " is never closed", remedy());
    return fault_;
  }

 private:
  struct Mark {
    char c;
    size_t line, column;
  };

  void fail(const Mark& at, const std::string& message, const std::string& hint) {
    fault_ = FlowFault{.line = static_cast<int>(at.line) + 1,
                       .column = static_cast<int>(at.column) + 1,
                       .message = message,
                       .hint = hint};
  }

  std::string remedy() const {
    const char closer = closer_of(open_.back().c);
    if (swallowed_ == 0) return "add " + shown(closer);
    return "the " + shown(closer) + " behind '#' in line " + std::to_string(swallowed_) + " is part of the comment";
  }

  char at(size_t i) const { return i < lines_[line_].size() ? lines_[line_][i] : '\0'; }

  /// The lines below `key: |` that are indented more.
  bool inside_block_text() {
    if (block_indent_ < 0) return false;
    const size_t first = lines_[line_].find_first_not_of(' ');
    if (first == std::string::npos || static_cast<long>(first) > block_indent_) return true;
    block_indent_ = -1;
    return false;
  }

  void scan_line() {
    plain_ = false;
    for (size_t i = 0; i < lines_[line_].size() && !fault_; ++i) {
      if (quote_) {
        i = leave_quote(i);
      } else if (at(i) == '#' && (i == 0 || is_any_of(at(i - 1), " \t"))) {
        return comment(i);
      } else if (!step(i)) {
        return;
      }
    }
  }

  void comment(size_t from) {
    if (open_.empty()) return;
    if (lines_[line_].find(closer_of(open_.back().c), from) != std::string::npos) swallowed_ = line_ + 1;
  }

  /// Position of the closing quote, or the end of the line.
  size_t leave_quote(size_t i) {
    const std::string& line = lines_[line_];
    for (; i < line.size(); ++i) {
      if (quote_->c == '"' && line[i] == '\\') {
        ++i;
      } else if (line[i] == quote_->c) {
        if (quote_->c == '\'' && at(i + 1) == '\'') {
          ++i;
          continue;
        }
        const size_t next = line.find_first_not_of(' ', i + 1);
        if (quote_->line != line_ && next != std::string::npos && !is_any_of(line[next], ",]}:#")) {
          fail(*quote_, "this quote is closed only in line " + std::to_string(line_ + 1) + ", before another text",
               "close it where its text ends");
        }
        quote_.reset();
        return i;
      }
    }
    return i;
  }

  /// One character outside quotes and comments; false = the rest of the line is block text.
  bool step(size_t i) {
    const char c = at(i);
    const bool flow = !open_.empty();
    if (is_any_of(c, "{[") && (flow || !plain_)) {
      open_.push_back({c, line_, i});
      plain_ = false;
    } else if (is_any_of(c, "}]") && (flow || !plain_)) {
      close(i);
    } else if (c == ',' && flow) {
      plain_ = false;
    } else if (c == ':' &&
               (at(i + 1) == '\0' || is_any_of(at(i + 1), " \t") || (flow && is_any_of(at(i + 1), ",[]{}")))) {
      plain_ = false;
    } else if (plain_ || is_any_of(c, " \t") || (is_any_of(c, "-?") && is_any_of(at(i + 1), " \t"))) {
      return true;
    } else if (is_any_of(c, "\"'")) {
      quote_ = Mark{c, line_, i};
    } else if (is_any_of(c, "|>") && !flow) {
      block_indent_ = static_cast<long>(lines_[line_].find_first_not_of(' '));
      return false;
    } else {
      plain_ = true;
    }
    return true;
  }

  void close(size_t i) {
    const char c = at(i);
    if (open_.empty()) {
      fail({c, line_, i}, "this " + shown(c) + " closes nothing", "remove it, or add what opens it");
    } else if (closer_of(open_.back().c) != c) {
      const Mark opener = open_.back();
      fail({c, line_, i},
           "this " + shown(c) + " meets the " + shown(opener.c) + " of line " + std::to_string(opener.line + 1) +
               ", column " + std::to_string(opener.column + 1),
           "close that one with " + shown(closer_of(opener.c)) + " first");
    } else {
      open_.pop_back();
      plain_ = false;
    }
  }

  const std::vector<std::string>& lines_;
  size_t line_ = 0, swallowed_ = 0;  ///< swallowed_: the line, from 1, of a closer inside a comment
  bool plain_ = false;               ///< inside a text without quotes
  long block_indent_ = -1;
  std::optional<Mark> quote_;
  std::vector<Mark> open_;
  std::optional<FlowFault> fault_;
};

}  // namespace

std::optional<FlowFault> find_flow_fault(const std::vector<std::string>& lines) { return Scanner(lines).scan(); }

}  // namespace dsnn::config
