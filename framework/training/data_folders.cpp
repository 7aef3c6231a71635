#include "training/data_folders.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>

#include "dsnn/error.h"

namespace dsnn::training {
namespace fs = std::filesystem;
namespace {

/// <project>/build/lib/libdsnn_torch.so -> <project>; empty when it cannot be told.
fs::path project_of_this_library() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&data_folders), &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code error;
  const fs::path library = fs::canonical(info.dli_fname, error);
  return error ? fs::path() : library.parent_path().parent_path().parent_path();
}

void append_project(std::vector<fs::path>& folders, const fs::path& project) {
  if (project.empty()) return;
  folders.push_back(project / ".venv/data");
  folders.push_back(project / ".venv/data/usr/share/datasets");  // a package unpacked without root
  folders.push_back((project / "../shared/data").lexically_normal());
}

}  // namespace

void check_data_variable() {
  const char* data = std::getenv("DSNN_DATA");
  std::error_code error;
  if (data == nullptr || *data == '\0' || fs::is_directory(data, error)) return;
  throw ConfigError(SourceLocation{"DSNN_DATA"}, "got '" + std::string(data) + "', which is no folder that exists",
                    "set it to the folder that holds the data sets, or unset it");
}

std::vector<fs::path> data_folders(const fs::path& root) {
  std::vector<fs::path> folders;
  if (!root.empty()) folders.push_back(root);
  if (const char* data = std::getenv("DSNN_DATA"); data != nullptr && *data != '\0') folders.emplace_back(data);
  folders.emplace_back("/usr/share/datasets");
  std::error_code error;
  append_project(folders, fs::current_path(error));
  append_project(folders, project_of_this_library());
  std::vector<fs::path> unique;
  for (fs::path& folder : folders) {
    if (std::find(unique.begin(), unique.end(), folder) == unique.end()) unique.push_back(std::move(folder));
  }
  return unique;
}

}  // namespace dsnn::training
