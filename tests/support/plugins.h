#pragma once

#include <filesystem>
#include <string>

#include "dsnn/config_view.h"
#include "plugin/catalog.h"
#include "plugin/loader.h"

namespace dsnn::test {

/// The plugins of this build, opened on demand.
struct Plugins {
  plugin::Catalog catalog{
      {std::filesystem::path(DSNN_BINARY_DIR) / "plugins", std::filesystem::path(DSNN_BINARY_DIR) / "lib"}};
  plugin::Loader loader{catalog, plugin::Loader::Torch::allowed};
};

inline const Plugins& plugins() {
  static const Plugins all;
  return all;
}

/// A component's section with the defaults of its schema filled in; keys of its kind must be given where needed.
inline Value section_of(Kind kind, const std::string& json) {
  Value section = parse_json(json);
  const plugin::ComponentInfo* component = plugins().catalog.find(kind, section.at("type").string());
  DSNN_ASSERT(component != nullptr);
  for (const Value& field : component->schema.items()) {
    const std::string& key = field.at("key").string();
    if (section.find(key) != nullptr) continue;
    const Value* value = field.find("default");
    section.set(key, value == nullptr ? Value() : *value);
  }
  return section;
}

inline ConfigView view_of(const Value& section, const std::string& path = "") {
  static const Origins kNone;
  return ConfigView(section, path, kNone);
}

/// A new folder under the test program's temporary directory, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dsnn-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace dsnn::test
