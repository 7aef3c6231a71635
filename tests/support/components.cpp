#include "support/components.h"

#include <stdexcept>

#include "config/kind_schema.h"

namespace dsnn::test {
namespace {

/// Defaults of one list of fields; a key without a default is null.
Value defaults_of(const std::vector<config::FieldSpec>& fields) {
  Value out = Value::map();
  for (const config::FieldSpec& field : fields) {
    Value value;
    if (field.default_value) {
      value = *field.default_value;
    } else if (field.type == FieldType::map && !field.nullable) {
      value = defaults_of(field.fields);
    }
    out.set(field.key, std::move(value));
  }
  return out;
}

}  // namespace

Components::Components()
    : catalog_({std::filesystem::path(DSNN_BINARY_DIR) / "plugins", std::filesystem::path(DSNN_BINARY_DIR) / "lib"}),
      loader_(catalog_, plugin::Loader::Torch::allowed) {}

Value Components::section(Kind kind, const std::string& name, const Value& changes) const {
  const plugin::ComponentInfo* info = catalog_.find(kind, name);
  if (info == nullptr) throw std::runtime_error("no " + std::string(name_of(kind)) + " '" + name + "' in this build");
  Value out = Value::map();
  out.set("type", name);
  const Value defaults = defaults_of(config::component_fields(*info));
  for (const auto& [key, value] : defaults.members()) out.set(key, value);
  for (const auto& [key, value] : changes.members()) out.set(key, value);
  return out;
}

ConfigView Components::view(Value section) {
  sections_.push_back(std::move(section));
  return ConfigView(sections_.back(), "component", origins_);
}

Components& components() {
  static Components all;
  return all;
}

Value section_of(Kind kind, const std::string& json) {
  const Value given = parse_json(json);
  return components().section(kind, given.at("type").string(), given);
}

ConfigView view_of(const Value& section, const std::string& path) {
  static const Origins kNone;
  return ConfigView(section, path, kNone);
}

}  // namespace dsnn::test
