#include "support/components.h"

#include <stdexcept>

#include "config/kind_schema.h"

namespace dsnn::test {
namespace {

Kind kind_named(const std::string& name) {
  for (size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] == name) return static_cast<Kind>(i);
  }
  throw std::runtime_error("no kind '" + name + "'");
}

}  // namespace

Components::Components()
    : catalog_({std::filesystem::path(DSNN_BINARY_DIR) / "plugins", std::filesystem::path(DSNN_BINARY_DIR) / "lib"}),
      loader_(catalog_, plugin::Loader::Torch::allowed) {}

Value Components::filled(const std::vector<config::FieldSpec>& fields, const Value& given) const {
  Value out = given;
  for (const config::FieldSpec& field : fields) {
    const Value* written = given.find(field.key);
    Value value = written != nullptr ? *written : field.default_value.value_or(Value());
    if (field.type == FieldType::number && value.is_int()) value = value.number();
    if (field.type == FieldType::map && !field.open && (value.is_map() || !field.nullable))
      value = filled(field.fields, value.is_map() ? value : Value::map());
    if (field.type == FieldType::component && value.is_map())
      value = section(kind_named(field.kind), value.at("type").string(), value);
    out.set(field.key, std::move(value));
  }
  return out;
}

Value Components::section(Kind kind, const std::string& name, const Value& changes) const {
  const plugin::ComponentInfo* info = catalog_.find(kind, name);
  if (info == nullptr) throw std::runtime_error("no " + std::string(name_of(kind)) + " '" + name + "' in this build");
  Value out = filled(config::component_fields(*info), changes);
  out.set("type", name);
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
