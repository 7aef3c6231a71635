#include "kinds.h"

#include <vector>

#include "config/did_you_mean.h"
#include "dsnn/error.h"
#include "plugin/program.h"

namespace dsnn::cli {

Kind kind_of_word(const std::string& word) {
  std::vector<std::string> names;
  for (size_t i = 0; i < kKindNames.size(); ++i) {
    const std::string name(kKindNames[i]);
    if (word == name || word == name + "s") return static_cast<Kind>(i);
    names.push_back(name);
  }
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
  const auto nearest = config::did_you_mean(word, names);
  throw ExitError(2,
                  "no kind '" + word + "'" + (nearest ? "; did you mean '" + *nearest + "'?" : "; kinds are: " + all));
}

std::string searched(const plugin::Catalog& catalog) {
  std::string text;
  for (const auto& folder : catalog.folders()) text += (text.empty() ? "" : ", ") + plugin::shown(folder);
  return text.empty() ? "no plugin folder exists" : text;
}

const plugin::ComponentInfo& component_of(const plugin::Catalog& catalog, Kind kind, const std::string& name) {
  if (const auto* found = catalog.find(kind, name); found != nullptr) return *found;
  if (const auto* file = catalog.unusable(kind, name); file != nullptr)
    throw PluginError(file->problem, file->exit_code);
  std::vector<std::string> names;
  for (const auto* component : catalog.of(kind)) names.push_back(component->name);
  const std::string hint = config::suggestion(name, names);
  throw PluginError("no " + std::string(name_of(kind)) + " '" + name + "'" + (hint.empty() ? "" : "; " + hint) +
                    " (searched: " + searched(catalog) + ")");
}

}  // namespace dsnn::cli
