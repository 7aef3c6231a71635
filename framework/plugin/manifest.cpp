#include "plugin/manifest.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "dsnn/schema.h"
#include "dsnn/version.h"
#include "plugin/members.h"

namespace dsnn::plugin {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw std::invalid_argument("has a bad manifest: " + text); }

const Value& member(const Value& map, std::string_view key, const std::string& where) {
  const Value* found = map.find(key);
  if (found == nullptr) refuse(where + " lacks '" + std::string(key) + "'");
  return *found;
}

std::string text(const Value& map, std::string_view key, const std::string& where) {
  const Value& value = member(map, key, where);
  if (!value.is_string()) refuse("'" + std::string(key) + "' of " + where + " is no string");
  return value.string();
}

bool flag(const Value& map, std::string_view key, const std::string& where) {
  const Value& value = member(map, key, where);
  if (!value.is_bool()) refuse("'" + std::string(key) + "' of " + where + " is neither true nor false");
  return value.boolean();
}

int integer(const Value& map, std::string_view key, const std::string& where) {
  const Value& value = member(map, key, where);
  if (!value.is_int()) refuse("'" + std::string(key) + "' of " + where + " is no integer");
  return static_cast<int>(value.integer());
}

std::optional<Kind> kind_from(std::string_view name) {
  for (size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

/// resnet20, acme.spiral: lower-case words, with one point for a vendor.
bool good_name(std::string_view name) {
  int points = 0;
  for (char c : name) {
    points += c == '.' ? 1 : 0;
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.') return false;
  }
  return !name.empty() && points <= 1 && name.front() != '.' && name.back() != '.';
}

bool default_fits(FieldType type, const Value& value) {
  switch (type) {
    case FieldType::boolean:
      return value.is_bool();
    case FieldType::integer:
      return value.is_int();
    case FieldType::number:
      return value.is_number();
    case FieldType::string:
    case FieldType::choice:
    case FieldType::duration:
    case FieldType::size:
      return value.is_string();
    case FieldType::list:
      return value.is_list();
    case FieldType::map:
      return value.is_map();
    case FieldType::component:
      return value.is_map() || value.is_string();
    case FieldType::any:
      return true;
  }
  return false;
}

void check_words(const Value& field, std::string_view key, const std::string& where) {
  const Value* words = field.find(key);
  if (words == nullptr) return;
  if (!words->is_list()) refuse("'" + std::string(key) + "' of " + where + " is no list");
  for (const Value& word : words->items()) {
    if (!word.is_string()) refuse("'" + std::string(key) + "' of " + where + " holds something that is no string");
  }
}

void check_kind(const Value& field, const std::string& where) {
  const std::string kind = text(field, "kind", where);
  if (!kind_from(kind)) refuse("unknown kind '" + kind + "' in " + where);
}

void check_fields(const Value& fields, const std::string& where);

void check_field(const Value& field, const std::string& where) {
  const std::string name = text(field, "type", where);
  const std::optional<FieldType> type = field_type_from(name);
  if (!type) refuse("unknown type '" + name + "' in " + where);
  check_words(field, "choices", where);
  check_words(field, "words", where);
  const bool has_words = field.find("words") != nullptr;
  for (std::string_view bound : {"min", "max", "min_exclusive", "max_exclusive", "each_min", "each_max",
                                 "each_min_exclusive", "each_max_exclusive"}) {
    const Value* value = field.find(bound);
    if (value != nullptr && !value->is_number()) refuse("'" + std::string(bound) + "' of " + where + " is no number");
  }
  const std::string named = text_at(field, "names");
  if (!named.empty() && std::find(std::begin(kNamed), std::end(kNamed), named) == std::end(kNamed))
    refuse("'names' of " + where + " is the unknown word '" + named + "'");
  const Value* standard = field.find("default");
  if (standard != nullptr && !default_fits(*type, *standard) && !(has_words && standard->is_string())) {
    refuse("the default of " + where + " is no " + name);
  }
  if (*type == FieldType::choice && field.find("choices") == nullptr) refuse(where + " lacks 'choices'");
  if (*type == FieldType::component) check_kind(field, where);
  if (*type == FieldType::list) {
    const std::string item = text(field, "item", where);
    if (!field_type_from(item)) refuse("unknown item type '" + item + "' in " + where);
    if (*field_type_from(item) == FieldType::component) check_kind(field, where);
  }
  if (const Value* inner = field.find("fields"); inner != nullptr) check_fields(*inner, where);
}

void check_fields(const Value& fields, const std::string& where) {
  if (!fields.is_list()) refuse("the schema of " + where + " is no list");
  std::set<std::string> seen;
  for (const Value& field : fields.items()) {
    const std::string key = text(field, "key", "a field of " + where);
    const std::string here = "'" + key + "' of " + where;
    if (key.empty()) refuse("a field of " + where + " has an empty key");
    if (key == "search" || key == "run" || key == "type")
      refuse(here + " uses a word the experiment language reserves");
    if (!seen.insert(key).second) refuse(here + " is declared twice");
    check_field(field, here);
  }
}

void check_metrics(const Value& metrics, const std::string& where) {
  if (!metrics.is_list()) refuse("the metrics of " + where + " are no list");
  for (const Value& metric : metrics.items()) {
    const std::string name = text(metric, "name", "a metric of " + where);
    flag(metric, "reproducible", "metric '" + name + "'");
    flag(metric, "static", "metric '" + name + "'");
  }
}

ComponentInfo read_component(const Value& json) {
  ComponentInfo info;
  info.name = text(json, "name", "a component");
  const std::string kind = text(json, "kind", "component '" + info.name + "'");
  const std::string where = kind + " '" + info.name + "'";
  if (!good_name(info.name))
    refuse("the name of " + where + " must be lower-case letters, digits and '_', with one '.' after a vendor");
  if (!kind_from(kind)) refuse(where + " is of a kind this dsnn-run does not know");
  info.kind = *kind_from(kind);
  info.summary = text_at(json, "summary");
  info.note = text_at(json, "note");
  info.interface_version = integer(json, "interface_version", where);
  info.needs_torch = flag(json, "needs_torch", where);
  info.needs_cuda = flag(json, "needs_cuda", where);
  info.default_for_kind = flag(json, "default_for_kind", where);
  info.schema = member(json, "schema", where);
  check_fields(info.schema, where);
  if (const Value* sections = json.find("sections"); sections != nullptr) {
    info.sections = *sections;
    check_fields(info.sections, where);
  }
  info.metrics = member(json, "metrics", where);
  check_metrics(info.metrics, where);
  return info;
}

}  // namespace

Value parse_manifest(std::string_view text) {
  try {
    return parse_json(text.substr(0, text.find('\0')));
  } catch (const std::invalid_argument& e) {
    refuse(e.what());
  }
}

void read_offers(const Value& manifest, PluginFile& file) {
  const Value* components = manifest.find("components");
  if (components == nullptr || !components->is_list()) return;
  for (const Value& component : components->items()) {
    const std::optional<Kind> kind = kind_from(text_at(component, "kind"));
    if (kind) file.offers.emplace_back(*kind, text_at(component, "name"));
  }
}

void read_identity(const Value& manifest, PluginFile& file) {
  if (!manifest.is_map()) refuse("it is no JSON object");
  const int version = integer(manifest, "manifest", "it");
  if (version != kManifestVersion) {
    throw std::invalid_argument("has a manifest of version " + std::to_string(version) +
                                "; this dsnn-run reads version " + std::to_string(kManifestVersion) +
                                ". Rebuild it with this version's headers");
  }
  const Value& plugin = member(manifest, "plugin", "it");
  file.name = text(plugin, "name", "'plugin'");
  file.version = text_at(plugin, "version");
  file.licence = text_at(plugin, "licence");
  const Value& build = member(manifest, "build", "it");
  file.build = {.compiler = text(build, "compiler", "'build'"),
                .cxx11_abi = integer(build, "cxx11_abi", "'build'"),
                .torch = text(build, "torch", "'build'"),
                .cuda = text(build, "cuda", "'build'"),
                .sanitizers = text(build, "sanitizers", "'build'"),
                .ndebug = flag(build, "ndebug", "'build'"),
                .api_hash = text(build, "api_hash", "'build'")};
}

void read_components(const Value& manifest, PluginFile& file) {
  const Value& components = member(manifest, "components", "it");
  if (!components.is_list() || components.size() == 0) refuse("it lists no component");
  for (const Value& json : components.items()) file.components.push_back(read_component(json));
}

}  // namespace dsnn::plugin
