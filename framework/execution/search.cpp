#include "execution/search.h"

#include "dsnn/error.h"

namespace dsnn::execution {
namespace {

/// The section of a search component, or one that names the kind's default.
Value section_or_default(const config::ExperimentSpec& spec, const char* key, Kind kind,
                         const plugin::Catalog& catalog) {
  const Value* section = spec.tree.find(key);
  if (section != nullptr && section->is_map()) return *section;
  const plugin::ComponentInfo* component = catalog.default_of(kind);
  if (component == nullptr) {
    throw PluginError("the experiment has no section '" + std::string(key) + "' and no plugin is the default " +
                      std::string(name_of(kind)) + "; name one (dsnn-run list " + std::string(name_of(kind)) + ")");
  }
  return Value(Value::Map{{"type", Value(component->name)}});
}

}  // namespace

Search make_search(const config::ExperimentSpec& spec, const plugin::Catalog& catalog, const plugin::Loader& loader) {
  Search out;
  if (!spec.is_search()) return out;
  const Value scheduler = section_or_default(spec, "fidelity", Kind::fidelity_scheduler, catalog);
  const Value acquisition = section_or_default(spec, "acquisition", Kind::acquisition, catalog);
  out.scheduler = loader.make<FidelityScheduler>(ConfigView(scheduler, "fidelity", spec.origins));
  out.acquisition = loader.make<AcquisitionStrategy>(ConfigView(acquisition, "acquisition", spec.origins));
  return out;
}

}  // namespace dsnn::execution
