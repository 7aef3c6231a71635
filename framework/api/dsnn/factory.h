#pragma once

#include <memory>
#include <string>

#include "dsnn/config_view.h"
#include "dsnn/kind.h"

namespace dsnn {

/// Makes components by the `type` of their section; handed to whoever needs others (an evaluator, a data set).
class ComponentFactory {
 public:
  virtual ~ComponentFactory();

  /// A new component of Interface's kind. Throws ConfigError or PluginError.
  template <class Interface>
  std::unique_ptr<Interface> make(const ConfigView& section) const {
    return std::unique_ptr<Interface>(static_cast<Interface*>(create(Interface::kKind, section)));
  }

  /// One whose section has every key at its default: what makes the layers of a checkpoint, whose attributes carry all
  /// that was decided. Throws PluginError.
  template <class Interface>
  std::unique_ptr<Interface> make_default(const std::string& type) const {
    const Value section = default_section(Interface::kKind, type);
    const Origins nowhere;
    return make<Interface>(ConfigView(section, type, nowhere));
  }

 protected:
  /// An `Interface*` of the kind's interface, as void*.
  virtual void* create(Kind kind, const ConfigView& section) const = 0;
  /// The component's own keys at their defaults, with `type`.
  virtual Value default_section(Kind kind, const std::string& type) const;
};

}  // namespace dsnn
