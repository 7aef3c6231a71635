#include "plugin/loader.h"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <charconv>
#include <string_view>

#include "dsnn/error.h"
#include "dsnn/plugin.h"
#include "plugin/handshake.h"
#include "plugin/inspect.h"
#include "plugin/program.h"

namespace dsnn::plugin {

struct Loader::Open {
  boost::dll::shared_library library;
  const dsnn_entry* entry = nullptr;
};

namespace {

constexpr const char* kEntryName = "dsnn_plugin_v1";

/// "a.yaml:3:7" back into its parts; a text without numbers is a file.
SourceLocation location_from(std::string_view text) {
  SourceLocation where{.file = std::string(text)};
  int numbers[2] = {0, 0};
  for (int i = 1; i >= 0; --i) {
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return where;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, numbers[i]);
    if (error != std::errc() || stop != end) return where;
    text = text.substr(0, colon);
  }
  return {.file = std::string(text), .line = numbers[0], .column = numbers[1]};
}

/// Why the dynamic linker refused, with what to do about the two usual causes.
std::string link_failure(const std::filesystem::path& path, std::string why) {
  if (why.starts_with(path.string() + ": ")) why.erase(0, path.string().size() + 2);
  std::string text = "the dynamic linker says: " + why;
  if (why.find("undefined symbol") != std::string::npos) return text + ". Rebuild it with: " + rebuild_line(path);
  if (why.find("cannot open shared object file") != std::string::npos) {
    return text + ". Install that library, or rebuild the plugin with: " + rebuild_line(path);
  }
  return text;
}

/// The file may have changed since the catalog read it.
void check_again(const PluginFile& file) {
  const std::unique_ptr<PluginFile> now = inspect(file.path);
  if (!now->problem.empty()) throw PluginError(now->problem, now->exit_code);
  if (now->name != file.name || now->components.size() != file.components.size()) {
    throw PluginError(shown(file.path) + " was replaced by another plugin while this program ran; start it again");
  }
}

void check_entry(const dsnn_entry* entry, const PluginFile& file) {
  const auto refuse = [&](const std::string& why) {
    throw PluginError(shown(file.path) + " has an entry that does not fit its manifest: " + why +
                      ". Rebuild it with: " + rebuild_line(file.path));
  };
  if (entry == nullptr) refuse("it returned nothing");
  if (entry->abi != kManifestVersion) {
    refuse("its entry is of version " + std::to_string(entry->abi) + ", expected " + std::to_string(kManifestVersion));
  }
  if (entry->components == nullptr || entry->count != file.components.size()) {
    refuse("it offers " + std::to_string(entry->count) + " components, the manifest " +
           std::to_string(file.components.size()));
  }
  for (const ComponentInfo& declared : file.components) {
    const dsnn_component& made = entry->components[&declared - file.components.data()];
    if (made.kind == nullptr || made.name == nullptr || made.create == nullptr || made.probe == nullptr) {
      refuse("a component has an empty slot");
    }
    if (name_of(declared.kind) != made.kind || declared.name != made.name) {
      refuse("it offers " + std::string(made.kind) + " '" + made.name + "' where the manifest has '" + declared.name +
             "'");
    }
  }
}

const dsnn_component& slot_of(const dsnn_entry& entry, const ComponentInfo& component) {
  return entry.components[&component - component.plugin->components.data()];
}

/// Every field of a manifest's list at its default; one without is null, and a map holds its fields'.
Value defaults_of(const Value& fields) {
  Value out = Value::map();
  for (const Value& field : fields.items()) {
    const Value *value = field.find("default"), *inner = field.find("fields"), *nullable = field.find("nullable");
    const bool may_be_null = nullable != nullptr && nullable->boolean();
    if (value != nullptr) {
      out.set(field.at("key").string(), *value);
    } else {
      out.set(field.at("key").string(), inner != nullptr && !may_be_null ? defaults_of(*inner) : Value());
    }
  }
  return out;
}

std::string searched(const Catalog& catalog) {
  std::string text;
  for (const auto& folder : catalog.folders()) text += (text.empty() ? "" : ", ") + shown(folder);
  return text.empty() ? "nowhere: no plugin folder exists" : text;
}

PluginError missing(const Catalog& catalog, Kind kind, const std::string& name) {
  if (const PluginFile* file = catalog.unusable(kind, name); file != nullptr)
    return PluginError(file->problem, file->exit_code);
  return PluginError("no " + std::string(name_of(kind)) + " '" + name + "' (searched: " + searched(catalog) + ")");
}

}  // namespace

Loader::Loader(const Catalog& catalog, Torch torch) : catalog_(catalog), torch_(torch) {}
Loader::~Loader() = default;

const Loader::Open& Loader::open(const ComponentInfo& component) const {
  const PluginFile& file = *component.plugin;
  if (const auto found = open_.find(file.path); found != open_.end()) return *found->second;
  if (torch_ == Torch::refused && (component.needs_torch || file.build.torch != "none")) {
    throw PluginError(shown(file.path) + " needs LibTorch, which only worker processes load; " +
                      std::string(name_of(component.kind)) + " '" + component.name +
                      "' cannot be used in this process");
  }
  check_again(file);
  auto opened = std::make_unique<Open>();
  // RTLD_NODELETE: objects, vtables and exceptions of a plugin may outlive this loader.
  const auto mode =
      static_cast<boost::dll::load_mode::type>(boost::dll::load_mode::rtld_now | RTLD_LOCAL | RTLD_NODELETE);
  boost::dll::fs::error_code failed;
  dlerror();
  opened->library.load(file.path.string(), failed, mode);
  if (failed) {
    const char* why = dlerror();
    throw PluginError(shown(file.path) +
                      " cannot be loaded: " + link_failure(file.path, why == nullptr ? failed.message() : why));
  }
  if (!opened->library.has(kEntryName)) {
    throw PluginError(shown(file.path) + " has a manifest but no entry " + kEntryName +
                      ": declare it with DSNN_PLUGIN in one source file and do not strip that symbol");
  }
  opened->entry = opened->library.get<const dsnn_entry*(void)>(kEntryName)();
  check_entry(opened->entry, file);
  return *open_.emplace(file.path, std::move(opened)).first->second;
}

std::string Loader::probe(const ComponentInfo& component) const {
  dsnn_status status{};
  slot_of(*open(component).entry, component).probe(&status);
  return status.code == 0 ? "" : std::string(status.text);
}

void* Loader::create(Kind kind, const ConfigView& section) const {
  const std::string name = section.type();
  const ComponentInfo* component = catalog_.find(kind, name);
  if (component == nullptr) throw missing(catalog_, kind, name);
  dsnn_status status{};
  void* made = slot_of(*open(*component).entry, *component).create(&section, this, &status);
  if (made != nullptr) return made;
  if (status.code == 1) throw ConfigError(location_from(status.where), status.text);
  throw PluginError(std::string(name_of(kind)) + " '" + name + "' of " + shown(component->plugin->path) +
                    " could not be made: " + (status.text[0] == '\0' ? "it gave no reason" : status.text));
}

Value Loader::default_section(Kind kind, const std::string& type) const {
  const ComponentInfo* component = catalog_.find(kind, type);
  if (component == nullptr) throw missing(catalog_, kind, type);
  Value section = ComponentFactory::default_section(kind, type);
  const Value defaults = defaults_of(component->schema);
  for (const auto& [key, value] : defaults.members()) section.set(key, value);
  return section;
}

}  // namespace dsnn::plugin
