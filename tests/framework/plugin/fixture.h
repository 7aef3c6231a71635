#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "plugin/catalog.h"
#include "support/temporary_folder.h"

namespace dsnn::test {

namespace fs = std::filesystem;

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
