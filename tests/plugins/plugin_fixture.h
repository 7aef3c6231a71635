#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "dsnn/config_view.h"
#include "dsnn/factory.h"
#include "plugin/catalog.h"
#include "plugin/loader.h"

/// The torch-free plugins of this build, and sections for them with every default filled from their manifests.
class Plugins {
 public:
  Plugins()
      : catalog_({std::filesystem::path(DSNN_BINARY_DIR) / "plugins"}),
        loader_(catalog_, dsnn::plugin::Loader::Torch::refused) {}

  const dsnn::plugin::Catalog& catalog() const { return catalog_; }

  /// The section of component `name`: its defaults, overlaid with the keys of `given`.
  dsnn::Value section(dsnn::Kind kind, const std::string& name, const dsnn::Value& given = dsnn::Value::map()) const {
    const dsnn::plugin::ComponentInfo* info = catalog_.find(kind, name);
    if (info == nullptr) throw std::runtime_error("this build has no component '" + name + "'");
    dsnn::Value out = fields(info->schema, given);
    out.set("type", name);
    return out;
  }

  template <class Interface>
  std::unique_ptr<Interface> make(const std::string& name, const dsnn::Value& given = dsnn::Value::map()) {
    sections_.push_back(std::make_unique<dsnn::Value>(section(Interface::kKind, name, given)));
    const dsnn::ComponentFactory& factory = loader_;
    return factory.make<Interface>(dsnn::ConfigView(*sections_.back(), "", origins_));
  }

 private:
  static dsnn::Kind kind_named(const std::string& name) {
    for (size_t i = 0; i < dsnn::kKindNames.size(); ++i) {
      if (dsnn::kKindNames[i] == name) return static_cast<dsnn::Kind>(i);
    }
    throw std::runtime_error("no kind '" + name + "'");
  }

  dsnn::Value fields(const dsnn::Value& schema, const dsnn::Value& given) const {
    dsnn::Value out = dsnn::Value::map();
    for (const dsnn::Value& field : schema.items()) {
      const std::string& key = field.at("key").string();
      const dsnn::Value* value = given.find(key);
      if (value == nullptr) value = field.find("default");
      const std::string& type = field.at("type").string();
      dsnn::Value filled = value != nullptr ? *value : dsnn::Value();
      if (type == "float" && filled.is_int()) filled = filled.number();
      if (type == "map" && field.find("fields") != nullptr) {
        filled = fields(field.at("fields"), filled.is_map() ? filled : dsnn::Value::map());
      } else if (type == "component" && filled.is_map()) {
        filled = section(kind_named(field.at("kind").string()), filled.at("type").string(), filled);
      }
      out.set(key, std::move(filled));
    }
    return out;
  }

  dsnn::plugin::Catalog catalog_;
  dsnn::plugin::Loader loader_;
  dsnn::Origins origins_;
  std::vector<std::unique_ptr<dsnn::Value>> sections_;  ///< components may keep a view of theirs
};
