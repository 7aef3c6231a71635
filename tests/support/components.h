#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "config/field.h"
#include "dsnn/config_view.h"
#include "dsnn/value.h"
#include "plugin/catalog.h"
#include "plugin/loader.h"

namespace dsnn::test {

/// The plugins of this build, opened on demand, for tests that run real components.
class Components {
 public:
  Components();

  const plugin::Catalog& catalog() const { return catalog_; }
  const ComponentFactory& factory() const { return loader_; }

  /// The section of a component: `changes`, and every key that they leave out, in maps inside too, at its default.
  Value section(Kind kind, const std::string& name, const Value& changes = Value::map()) const;
  /// A view of a section that stays valid as long as this object.
  ConfigView view(Value section);

  template <class Interface>
  std::unique_ptr<Interface> make(const std::string& name, const Value& changes = Value::map()) {
    return loader_.make<Interface>(view(section(Interface::kKind, name, changes)));
  }

 private:
  Value filled(const std::vector<config::FieldSpec>& fields, const Value& given) const;

  plugin::Catalog catalog_;
  plugin::Loader loader_;
  std::list<Value> sections_;
  Origins origins_;
};

/// The one that a test program shares.
Components& components();

/// A component's section from JSON that holds its `type`, every other key at its default.
Value section_of(Kind kind, const std::string& json);

/// A view of a section that must outlive it.
ConfigView view_of(const Value& section, const std::string& path = "");

}  // namespace dsnn::test
