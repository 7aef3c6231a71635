#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dsnn/error.h"
#include "dsnn/value.h"

namespace dsnn {

/// Where each value of an experiment came from, by key path ("training.optimizer.lr", "dataset.transforms[0]").
using Origins = std::map<std::string, SourceLocation, std::less<>>;

/// Read-only, typed access to one already validated section.
///
/// Every key of the section's schema is present (defaults are filled in), so a getter never meets an unknown key or a
/// wrong type; asking for a key the schema lacks aborts. Cheap to copy; refers to data that must outlive it: the view
/// handed to a call lasts as long as that call, so a component takes the values out of it and never keeps it.
class ConfigView {
 public:
  ConfigView(const Value& section, std::string path, const Origins& origins);

  const std::string& path() const { return path_; }  ///< of this section, "" for the whole experiment
  const Value& value() const { return *section_; }
  const Origins& origins() const { return *origins_; }
  std::string type() const;  ///< value of `type`, "" when there is none

  bool has(std::string_view key) const;  ///< present and not null
  bool boolean(std::string_view key) const;
  int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  std::string string(std::string_view key) const;
  const Value& at(std::string_view key) const;
  std::vector<double> numbers(std::string_view key) const;
  std::vector<int64_t> integers(std::string_view key) const;
  std::vector<std::string> strings(std::string_view key) const;
  ConfigView section(std::string_view key) const;
  std::vector<ConfigView> sections(std::string_view key) const;  ///< of a list of maps

  /// The place where the user wrote `key` ("" = the section), or the nearest enclosing key that was written. It may be
  /// kept, for a mistake that shows later.
  SourceLocation where(std::string_view key) const;
  /// Throws ConfigError at the place where the user wrote `key` (or the nearest enclosing key that was written).
  [[noreturn]] void error(std::string_view key, const std::string& message, const std::string& hint = "") const;

 private:
  const Value* section_;
  std::string path_;
  const Origins* origins_;
};

}  // namespace dsnn
