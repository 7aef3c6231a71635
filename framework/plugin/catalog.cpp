#include "plugin/catalog.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "dsnn/error.h"
#include "plugin/elf_section.h"
#include "plugin/handshake.h"
#include "plugin/inspect.h"
#include "plugin/manifest.h"
#include "plugin/program.h"
#include "plugin/trust.h"

namespace dsnn::plugin {
namespace fs = std::filesystem;
namespace {

constexpr int kRefused = 77;

class FileDescriptor {
 public:
  explicit FileDescriptor(const fs::path& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool is_plugin_name(const std::string& name) { return name.ends_with(".dsnn.so") || name == "libdsnn_torch.so"; }

/// The plugin files of one folder, links resolved, in the order of their names.
std::vector<fs::path> plugin_files(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (is_plugin_name(entry.path().filename().string())) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  for (fs::path& path : found) {
    if (const fs::path real = fs::canonical(path, failed); !failed) path = real;
  }
  return found;
}

void add_unique(std::vector<fs::path>& folders, const fs::path& folder) {
  std::error_code failed;
  const fs::path real = fs::canonical(folder, failed);
  if (failed || !fs::is_directory(real, failed)) return;
  if (std::find(folders.begin(), folders.end(), real) == folders.end()) folders.push_back(real);
}

/// The component of `file` whose name another file of the same kind already has.
const ComponentInfo* first_clash(const Catalog& catalog, const PluginFile& file, std::string& other) {
  for (const ComponentInfo& component : file.components) {
    if (const ComponentInfo* earlier = catalog.find(component.kind, component.name); earlier != nullptr) {
      other = shown(earlier->plugin->path);
      return &component;
    }
    for (const ComponentInfo& sibling : file.components) {
      if (&sibling == &component) break;
      if (sibling.kind == component.kind && sibling.name == component.name) {
        other = "itself, a second time";
        return &component;
      }
    }
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<PluginFile> inspect(const fs::path& path) {
  auto file = std::make_unique<PluginFile>();
  file->path = path;
  file->name = path.filename().string();
  const FileDescriptor descriptor(path);
  if (descriptor.get() < 0) {
    file->problem = shown(path) + " cannot be opened: " + std::strerror(errno);
    return file;
  }
  if (const std::string why = distrust(descriptor.get(), path); !why.empty()) {
    file->problem = shown(path) + " " + why;
    file->exit_code = kRefused;
  }
  try {
    const Value manifest = parse_manifest(read_elf_section(descriptor.get(), kManifestSection));
    read_offers(manifest, *file);
    read_identity(manifest, *file);
    const std::string why = mismatch(file->build, own_build_info());
    if (!why.empty()) throw std::invalid_argument(why + ". Rebuild it with: " + rebuild_line(path));
    if (file->problem.empty()) read_components(manifest, *file);
  } catch (const std::invalid_argument& e) {
    if (file->problem.empty()) file->problem = shown(path) + " " + e.what();
    file->components.clear();
  }
  for (ComponentInfo& component : file->components) component.plugin = file.get();
  return file;
}

Catalog::Catalog(const std::vector<fs::path>& folders) {
  for (const fs::path& folder : folders) add_unique(folders_, folder);
  std::vector<fs::path> seen;
  for (const fs::path& folder : folders_) {
    for (const fs::path& path : plugin_files(folder)) {
      if (std::find(seen.begin(), seen.end(), path) != seen.end()) continue;
      seen.push_back(path);
      std::unique_ptr<PluginFile> file = inspect(path);
      std::string other;
      if (const ComponentInfo* clash = first_clash(*this, *file, other); clash != nullptr) {
        file->problem = shown(path) + " is left out: its " + std::string(name_of(clash->kind)) + " '" + clash->name +
                        "' is already in " + other + "; remove or rename one of them";
        file->components.clear();
      }
      files_.push_back(std::move(file));
    }
  }
}

std::vector<fs::path> Catalog::search_path(const std::vector<fs::path>& extra) {
  std::vector<fs::path> folders;
  for (const fs::path& folder : extra) {
    std::error_code failed;
    if (!fs::is_directory(folder, failed))
      throw PluginError("--plugin-dir " + folder.string() +
                        " is no folder; give the folder that holds the *.dsnn.so files");
    folders.push_back(fs::absolute(folder));
  }
  const char* variable = std::getenv("DSNN_PLUGIN_PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const size_t colon = rest.find(':');
    const fs::path folder(rest.substr(0, colon));
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    if (folder.empty()) continue;
    if (!folder.is_absolute()) {
      throw PluginError("DSNN_PLUGIN_PATH names '" + folder.string() +
                            "', which is no absolute path; plugins are never "
                            "looked up from the current folder",
                        kRefused);
    }
    folders.push_back(folder);
  }
  const fs::path prefix = program_prefix();
  for (const char* place : {"plugins", "lib", "lib/dsnn/plugins"}) folders.push_back(prefix / place);
  return folders;
}

const ComponentInfo* Catalog::find(Kind kind, std::string_view name) const {
  for (const auto& file : files_) {
    for (const ComponentInfo& component : file->components) {
      if (component.kind == kind && component.name == name) return &component;
    }
  }
  return nullptr;
}

const PluginFile* Catalog::unusable(Kind kind, std::string_view name) const {
  for (const auto& file : files_) {
    if (file->problem.empty()) continue;
    for (const auto& [offered, offered_name] : file->offers) {
      if (offered == kind && offered_name == name) return file.get();
    }
  }
  return nullptr;
}

std::vector<const ComponentInfo*> Catalog::of(Kind kind) const {
  std::vector<const ComponentInfo*> found;
  for (const auto& file : files_) {
    for (const ComponentInfo& component : file->components) {
      if (component.kind == kind) found.push_back(&component);
    }
  }
  std::sort(found.begin(), found.end(), [](auto* a, auto* b) { return a->name < b->name; });
  return found;
}

const ComponentInfo* Catalog::default_of(Kind kind) const {
  const ComponentInfo* only = nullptr;
  for (const ComponentInfo* component : of(kind)) {
    if (!component->default_for_kind) continue;
    if (only != nullptr) return nullptr;
    only = component;
  }
  return only;
}

}  // namespace dsnn::plugin
