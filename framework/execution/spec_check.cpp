#include "execution/spec_check.h"

#include "execution/search.h"
#include "execution/trial_executor.h"

namespace dsnn::execution {
namespace {

template <class Action>
void collect(std::vector<Diagnostic>& errors, const Action& action) {
  try {
    action();
  } catch (const ConfigError& e) {
    errors.insert(errors.end(), e.diagnostics().begin(), e.diagnostics().end());
  }
}

}  // namespace

Findings check_spec(const config::ExperimentSpec& spec, const plugin::Catalog& catalog) {
  Findings out;
  collect(out.errors, [&] { make_search(spec, catalog, plugin::Loader(catalog, plugin::Loader::Torch::refused)); });
  collect(out.errors, [&] {
    Findings found = TrialExecutor(spec, catalog, plugin::Loader::Torch::allowed, {}).check();
    out.notes = std::move(found.notes);
    out.errors.insert(out.errors.end(), found.errors.begin(), found.errors.end());
  });
  return out;
}

}  // namespace dsnn::execution
