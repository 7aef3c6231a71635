#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/field.h"
#include "plugin/catalog.h"

namespace dsnn::config {

/// Where each key of every section and of every component belongs, for keys that were written somewhere else. Read
/// from the manifests; each schema is looked at once for each place where its kind may stand.
class KeyHomes {
 public:
  KeyHomes(const plugin::Catalog& catalog, const std::vector<FieldSpec>& sections);

  /// "it belongs under 'training.optimizer'", or "" when no section has `key` whatever its type is.
  std::string of_sections(const std::string& key, const std::string& here) const;
  /// "it belongs under 'fidelity' of type hyperband", or "" when no component has it.
  std::string of_components(const std::string& key, const std::string& here) const;

 private:
  struct Home {
    std::string path;
    std::vector<std::string> components;  ///< empty = of every type
  };

  void walk(const std::vector<FieldSpec>& fields, const std::string& path, const std::string& component);
  void add(const std::string& key, const std::string& path, const std::string& component);

  const plugin::Catalog& catalog_;
  std::map<std::string, std::vector<Home>, std::less<>> homes_;
  std::vector<std::string> kinds_;  ///< walked through at the moment: an operator holds operators
};

}  // namespace dsnn::config
