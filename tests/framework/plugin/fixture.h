#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "plugin/catalog.h"

namespace dsnn::test {

namespace fs = std::filesystem;

/// A folder of its own that goes when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "dsnn-plugin-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

inline fs::path fixture_folder(const std::string& name) { return fs::path(DSNN_BINARY_DIR) / "tests/fixtures" / name; }
inline fs::path fixture_file(const std::string& name) { return fixture_folder(name) / (name + ".dsnn.so"); }

inline std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

/// The one file of a catalog that was made of one folder.
inline const plugin::PluginFile& only_file(const plugin::Catalog& catalog) { return *catalog.files().at(0); }

}  // namespace dsnn::test
