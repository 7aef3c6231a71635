#include "plugin/program.h"

#include <system_error>

namespace dsnn::plugin {

namespace fs = std::filesystem;

fs::path program_prefix() {
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  return failed ? fs::path() : self.parent_path().parent_path();
}

std::string rebuild_line(const fs::path& file) {
  const fs::path prefix = program_prefix();
  std::error_code failed;
  const bool build_tree = fs::exists(prefix / "CMakeCache.txt", failed);
  const fs::path inside = file.lexically_relative(prefix);
  if (build_tree && !inside.empty() && *inside.begin() != "..") return "cmake --build " + shell_word(shown(prefix));
  const fs::path package = build_tree ? prefix : prefix / "lib/cmake/dsnn";
  return "cmake -S SOURCES -B BUILD -DDSNN_DIR=" + shell_word(package.string()) + " && cmake --build BUILD";
}

std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                          "._-+=/,:@%") == std::string::npos;
  if (plain) return word;
  std::string out = "'";
  for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string shown(const fs::path& path) {
  std::error_code failed;
  const fs::path here = fs::current_path(failed);
  if (failed || !path.is_absolute()) return path.string();
  const fs::path relative = path.lexically_relative(here);
  if (relative.empty() || relative == "." || *relative.begin() == "..") return path.string();
  return relative.string();
}

}  // namespace dsnn::plugin
