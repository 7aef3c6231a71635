#include "nn/model.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "dsnn/error.h"
#include "nn/conversion.h"
#include "nn/layers.h"
#include "nn/shapes.h"

namespace dsnn::nn {
namespace {

[[noreturn]] void fail(const std::string& text) { throw ConfigError(SourceLocation{}, text); }

/// "a, b, c and 17 more".
std::string listed(const std::vector<std::string>& items) {
  constexpr size_t kShown = 5;
  std::string out;
  for (size_t i = 0; i < items.size() && i < kShown; ++i) out += (i > 0 ? ", " : "") + items[i];
  if (items.size() > kShown) out += " and " + std::to_string(items.size() - kShown) + " more";
  return out;
}

/// What all names start with, up to and with a dot: "module." of "module.fc.weight" and "module.fc.bias".
std::string shared_prefix(const Tensors& tensors, const Model& model) {
  for (const auto& [own, unused] : model.tensors) {
    for (const auto& [name, tensor] : tensors) {
      if (!name.ends_with("." + own)) continue;
      const std::string prefix = name.substr(0, name.size() - own.size());
      const bool shared = std::all_of(tensors.begin(), tensors.end(),
                                      [&](const auto& entry) { return entry.first.starts_with(prefix); });
      if (shared) return prefix;
    }
  }
  return "";
}

/// The tensors under the names that the rules give them.
Tensors renamed(const Tensors& tensors, const Model& model, const LoadRules& rules) {
  const std::string prefix = rules.match == LoadRules::Match::prefix ? shared_prefix(tensors, model) : "";
  std::map<std::string, std::string> unused = rules.renames;
  Tensors out;
  for (const auto& [name, tensor] : tensors) {
    std::string own = name.substr(prefix.size());
    if (const auto rule = rules.renames.find(own); rule != rules.renames.end()) {
      unused.erase(own);
      own = rule->second;
    }
    if (!out.emplace(own, tensor).second) fail("two tensors of the weights are named '" + own + "'");
  }
  if (!unused.empty()) fail("the weights have no tensor '" + unused.begin()->first + "' to rename");
  return out;
}

/// Names of the tensors that stay as they are.
std::set<std::string> kept(const Model& model, const LoadRules& rules) {
  std::set<std::string> out;
  for (const std::string& selector : rules.reset) {
    bool met = false;
    for (const LayerSpec& layer : model.graph.layers) {
      if (!selects(selector, layer)) continue;
      met = true;
      for (const auto& [name, tensor] : tensors_of(model.tensors, layer.name)) out.insert(layer.name + "." + name);
    }
    if (!met) fail("'" + selector + "' in 'reset' matches no layer of this network");
  }
  return out;
}

}  // namespace

Model start(Graph graph, const Rng& rng) {
  graph.validate();
  Model out{.graph = std::move(graph), .tensors = {}};
  for (const LayerSpec& spec : out.graph.layers) {
    for (auto& [name, tensor] : start_layer(spec, rng.fork(spec.name))) {
      out.tensors.emplace(spec.name + "." + name, std::move(tensor));
    }
  }
  return out;
}

Model load_into(Model model, const Tensors& tensors, const LoadRules& rules) {
  Tensors given = renamed(tensors, model, rules);
  const std::set<std::string> reset = kept(model, rules);
  std::vector<std::string> missing, unexpected, other_shape;
  for (auto& [name, own] : model.tensors) {
    const auto found = given.find(name);
    if (reset.count(name) != 0) {
      if (found != given.end()) given.erase(found);
    } else if (found == given.end()) {
      missing.push_back(name);
    } else {
      if (found->second.sizes() != own.sizes()) {
        other_shape.push_back(name + " (got " + text_of(found->second.sizes()) + ", expected " + text_of(own.sizes()) +
                              ")");
      }
      own = found->second.to(own.scalar_type());
      given.erase(found);
    }
  }
  for (const auto& [name, tensor] : given) unexpected.push_back(name);
  std::string problem;
  if (!missing.empty()) problem += "; missing: " + listed(missing);
  if (!unexpected.empty()) problem += "; unexpected: " + listed(unexpected);
  if (!other_shape.empty()) problem += "; of another shape: " + listed(other_shape);
  if (!problem.empty()) fail("the weights do not fit this network" + problem);
  return model;
}

Tensors tensors_of(const Tensors& tensors, const std::string& layer) {
  const std::string prefix = layer + ".";
  Tensors out;
  for (auto at = tensors.lower_bound(prefix); at != tensors.end() && at->first.starts_with(prefix); ++at) {
    const std::string name = at->first.substr(prefix.size());
    if (name.find('.') == std::string::npos) out.emplace(name, at->second);  // else of a layer "<layer>.<child>"
  }
  return out;
}

}  // namespace dsnn::nn
