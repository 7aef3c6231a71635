#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace dsnn::test {

using Contents = std::map<std::string, std::string>;

/// Every file and folder below `folder` with its bytes.
inline Contents contents(const std::filesystem::path& folder) {
  Contents out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    std::string& bytes = out[entry.path().lexically_relative(folder).string()];
    std::ifstream in(entry.path(), std::ios::binary);
    if (entry.is_regular_file()) bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  return out;
}

/// The names that only one of the two has, or that differ in their bytes.
inline std::vector<std::string> changed(const Contents& before, const Contents& after) {
  std::vector<std::string> out;
  for (const auto& [name, bytes] : before) {
    const auto found = after.find(name);
    if (found == after.end() || found->second != bytes) out.push_back(name);
  }
  for (const auto& [name, bytes] : after) {
    if (!before.contains(name)) out.push_back(name);
  }
  return out;
}

}  // namespace dsnn::test
