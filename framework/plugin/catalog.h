#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dsnn/kind.h"
#include "dsnn/value.h"

namespace dsnn::plugin {

/// What a plugin file was built with; compared exactly before it is opened.
struct BuildInfo {
  std::string compiler;  ///< "GNU 12"
  int cxx11_abi = 1;
  std::string torch;  ///< "2.11.0" or "none"
  std::string cuda;
  std::string sanitizers;
  bool ndebug = true;
  std::string api_hash;
};
/// Of this program.
BuildInfo own_build_info();

struct PluginFile;

/// One component as its manifest declares it.
struct ComponentInfo {
  Kind kind{};
  std::string name, summary, note;
  int interface_version = 1;
  bool needs_torch = false, needs_cuda = false, default_for_kind = false;
  Value schema;    ///< list of fields, the JSON that dsnn/manifest_text.h writes
  Value sections;  ///< evaluators: list of fields, the top-level sections they add; null otherwise
  Value metrics;   ///< list of {name, unit, better, reproducible, static}
  const PluginFile* plugin = nullptr;
};

struct PluginFile {
  std::filesystem::path path;  ///< absolute
  std::string name, version, licence;
  BuildInfo build;
  std::vector<ComponentInfo> components;             ///< empty with a problem
  std::vector<std::pair<Kind, std::string>> offers;  ///< what its manifest names, also with a problem
  std::string problem;                               ///< why it cannot be used, one sentence; "" = usable
  int exit_code = 65;                                ///< with a problem: 65, or 77 when refused for path, owner or mode
};

/// All components found on the search path. Reads manifests only: no plugin is opened. Immutable; keeps its address.
class Catalog {
 public:
  /// Later folders win nothing: a name found twice in one kind is a problem of the later file that names both paths.
  /// Missing folders are skipped silently; search_path() has already refused those the user named.
  explicit Catalog(const std::vector<std::filesystem::path>& folders);
  Catalog(const Catalog&) = delete;

  /// The standard search path: --plugin-dir folders, DSNN_PLUGIN_PATH, `<build>/plugins` and
  /// `<prefix>/lib/dsnn/plugins` beside the running program; libdsnn_torch.so itself holds the evaluator `train`.
  /// Throws PluginError for a folder of `extra` that is missing, and (77) for a relative path in DSNN_PLUGIN_PATH.
  static std::vector<std::filesystem::path> search_path(const std::vector<std::filesystem::path>& extra);

  const ComponentInfo* find(Kind kind, std::string_view name) const;
  /// The unusable file that would hold a component find() does not know, for a message; nullptr when there is none.
  const PluginFile* unusable(Kind kind, std::string_view name) const;
  std::vector<const ComponentInfo*> of(Kind kind) const;  ///< sorted by name
  const ComponentInfo* default_of(Kind kind) const;       ///< nullptr when none or several
  const std::vector<std::filesystem::path>& folders() const { return folders_; }
  const std::vector<std::unique_ptr<PluginFile>>& files() const { return files_; }

 private:
  std::vector<std::filesystem::path> folders_;
  std::vector<std::unique_ptr<PluginFile>> files_;
};

}  // namespace dsnn::plugin
