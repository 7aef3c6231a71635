#pragma once

#include <memory>

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

 protected:
  /// An `Interface*` of the kind's interface, as void*.
  virtual void* create(Kind kind, const ConfigView& section) const = 0;
};

}  // namespace dsnn
