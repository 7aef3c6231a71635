#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include "dsnn/factory.h"
#include "plugin/catalog.h"

namespace dsnn::plugin {

/// Opens plugin files on demand (Boost.DLL, rtld_now | rtld_local, absolute path) and makes their components.
/// Files stay open until the process ends. One thread.
class Loader : public ComponentFactory {
 public:
  enum class Torch { allowed, refused };  ///< the driver never loads a plugin that links LibTorch
  Loader(const Catalog& catalog, Torch torch);
  ~Loader() override;

  /// Runs the component's probe: "" = this machine can run it, else the reason.
  std::string probe(const ComponentInfo& component) const;

 protected:
  void* create(Kind kind, const ConfigView& section) const override;
  Value default_section(Kind kind, const std::string& type) const override;

 private:
  struct Open;
  /// The library of a component, opened at the first need. Throws PluginError.
  const Open& open(const ComponentInfo& component) const;
  const Catalog& catalog_;
  Torch torch_;
  mutable std::map<std::filesystem::path, std::unique_ptr<Open>> open_;
};

}  // namespace dsnn::plugin
