#include "nn/conversion.h"

#include <ATen/core/grad_mode.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>

#include "dsnn/error.h"
#include "dsnn/op_table.h"
#include "dsnn/operator.h"
#include "nn/layers.h"
#include "nn/model.h"

namespace dsnn::nn {
namespace {

/// One operator section: the main one or an override.
struct Source {
  std::shared_ptr<const Operator> op;
  std::string type;
  bool takes_something = false;  ///< false: it leaves every layer as it is, like `float`
};
struct Override {
  Source source;
  ConfigView section;
  std::vector<std::string> selectors;
};
/// A layer to replace.
struct Assignment {
  int layer = -1;  ///< in the graph as it was
  const Source* source = nullptr;
  Subgraph by;
};

bool convertible(const LayerSpec& layer) { return layer.op.empty() && is_weighted(layer); }

bool made_by_framework(const LayerSpec& layer) { return find_op(layer.type) != nullptr; }

std::vector<int> convertible_layers(const Graph& graph) {
  std::vector<int> out;
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    if (convertible(graph.layers[i])) out.push_back(static_cast<int>(i));
  }
  return out;
}

/// Position of each layer's first node.
std::vector<size_t> execution_positions(const Graph& graph) {
  std::vector<size_t> out(graph.layers.size(), graph.nodes.size());
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    if (graph.nodes[i].layer >= 0) out[static_cast<size_t>(graph.nodes[i].layer)] = i;
  }
  return out;
}

std::vector<int> ordered(const Graph& graph, std::span<const int> candidates, const Walk& walk) {
  std::vector<int> out(candidates.begin(), candidates.end());
  std::sort(out.begin(), out.end());
  if (walk.order == Walk::Order::execution) {
    const std::vector<size_t> position = execution_positions(graph);
    std::stable_sort(out.begin(), out.end(),
                     [&](int a, int b) { return position[static_cast<size_t>(a)] < position[static_cast<size_t>(b)]; });
  }
  if (walk.from == Walk::From::output) std::reverse(out.begin(), out.end());
  return out;
}

Source make_source(const Graph& graph, const ConfigView& section, const ComponentFactory& factory) {
  Source out{.op = factory.make<Operator>(section), .type = section.type()};
  for (const LayerSpec& layer : graph.layers) {
    out.takes_something = out.takes_something || (convertible(layer) && out.op->accepts(layer));
  }
  return out;
}

void check_selectors(const Graph& graph, const ConfigView& section, const std::vector<std::string>& selectors) {
  for (const std::string& selector : selectors) {
    const bool matched = std::any_of(graph.layers.begin(), graph.layers.end(), [&](const LayerSpec& layer) {
      return convertible(layer) && selects(selector, layer);
    });
    if (matched) continue;
    std::string names;
    for (const LayerSpec& layer : graph.layers) {
      if (convertible(layer) && names.size() < 120) names += (names.empty() ? "" : ", ") + layer.name;
    }
    section.error("layers", "'" + selector + "' in 'layers' matches no convolution or linear layer of this network",
                  "its layers: " + names + "; roles: stem, body, depthwise, pointwise, spatial, shortcut, classifier");
  }
}

bool any_selects(const std::vector<std::string>& selectors, const LayerSpec& layer) {
  return std::any_of(selectors.begin(), selectors.end(), [&](const std::string& s) { return selects(s, layer); });
}

std::vector<Override> read_overrides(const Graph& graph, const ConfigView& section, const ComponentFactory& factory) {
  std::vector<Override> out;
  if (!section.has("overrides")) return out;
  for (const ConfigView& view : section.sections("overrides")) {
    out.push_back({make_source(graph, view, factory), view, view.strings("layers")});
    check_selectors(graph, view, out.back().selectors);
  }
  return out;
}

const Override* override_of(const std::vector<Override>& overrides, const LayerSpec& layer) {
  for (const Override& entry : overrides) {
    if (any_selects(entry.selectors, layer)) return &entry;
  }
  return nullptr;
}

struct Keys {
  Walk walk;
  bool compat = false;
  std::vector<std::string> selectors;  ///< empty = every layer
};

Keys read_keys(const Graph& graph, const ConfigView& section) {
  Keys out;
  out.compat = section.has("deepshift_compat") && section.boolean("deepshift_compat");
  if (out.compat) out.walk.order = Walk::Order::registration;
  if (section.has("depth_from") && section.string("depth_from") == "input") out.walk.from = Walk::From::input;
  if (section.has("depth") && section.at("depth").is_int()) out.walk.depth = section.integer("depth");
  const bool has_convolution = std::any_of(graph.layers.begin(), graph.layers.end(), is_convolution);
  out.walk.count_linear = !out.compat || !has_convolution;
  if (section.has("linear")) {
    const ConfigView linear = section.section("linear");
    if (linear.has("convert")) out.walk.convert_linear = linear.boolean("convert");
    if (linear.has("count")) out.walk.count_linear = linear.boolean("count");
  }
  if (section.has("layers")) {
    out.selectors = section.strings("layers");
    check_selectors(graph, section, out.selectors);
  }
  return out;
}

/// The layers the main section converts: selected, not overridden, as deep as `depth` says.
std::vector<int> choose(const Graph& graph, const ConfigView& section, const Source& main, const Keys& keys,
                        const std::vector<Override>& overrides, std::vector<std::string>& warnings) {
  if (!main.takes_something) return {};
  std::vector<int> candidates;
  for (int i : convertible_layers(graph)) {
    const LayerSpec& layer = graph.layers[static_cast<size_t>(i)];
    const bool selected = keys.selectors.empty() || any_selects(keys.selectors, layer);
    if (selected && override_of(overrides, layer) == nullptr && main.op->accepts(layer)) candidates.push_back(i);
  }
  const Walked walked = walk_layers(graph, candidates, keys.walk);
  if (keys.walk.depth && *keys.walk.depth > walked.countable) {
    const std::string depth = std::to_string(*keys.walk.depth), most = std::to_string(walked.countable);
    if (!keys.compat) {
      section.error("depth", "'depth' is " + depth + ", but this network has " + most + " layers to convert",
                    "use 'all' or at most " + most);
    }
    warnings.push_back("operator.depth is " + depth + ", but only " + most +
                       " layers count: all of them are converted");
  }
  if (keys.walk.depth && *keys.walk.depth == 0) return {};
  return walked.layers;
}

/// Every layer to replace, in the order of the walk, overridden ones included.
std::vector<Assignment> assign(const Graph& graph, const std::vector<int>& chosen, const Source& main, const Walk& walk,
                               const std::vector<Override>& overrides) {
  const std::set<int> taken(chosen.begin(), chosen.end());
  std::vector<Assignment> out;
  for (int i : ordered(graph, convertible_layers(graph), walk)) {
    const LayerSpec& layer = graph.layers[static_cast<size_t>(i)];
    if (taken.count(i) != 0) {
      out.push_back({.layer = i, .source = &main, .by = {}});
    } else if (const Override* found = override_of(overrides, layer);
               found != nullptr && found->source.takes_something) {
      if (!found->source.op->accepts(layer)) {
        found->section.error("layers",
                             "operator '" + found->source.type + "' cannot take the layer '" + layer.name + "'");
      }
      out.push_back({.layer = i, .source = &found->source, .by = {}});
    }
  }
  return out;
}

/// Each source looks at all its layers, then expands them one by one.
void expand(const Graph& graph, const Tensors* trained, std::vector<Assignment>& assignments) {
  std::map<const Source*, std::vector<int>> chosen;
  for (const Assignment& assignment : assignments) chosen[assignment.source].push_back(assignment.layer);
  std::map<const Source*, Prepared> prepared;
  for (const auto& [source, layers] : chosen) prepared[source] = source->op->prepare(graph, layers, trained);
  for (Assignment& assignment : assignments) {
    const LayerSpec& layer = graph.layers[static_cast<size_t>(assignment.layer)];
    const Tensors own = trained != nullptr ? tensors_of(*trained, layer.name) : Tensors();
    const Source& source = *assignment.source;
    assignment.by = source.op->expand(layer, trained != nullptr ? &own : nullptr, prepared[&source]);
    for (LayerSpec& made : assignment.by.layers) {
      if (made.op.empty() && !made_by_framework(made)) made.op = source.type;
    }
  }
}

/// What the section asks for, decided on a graph and, where there are any, its tensors.
struct Plan {
  Source main;
  std::vector<Override> overrides;
  std::vector<Assignment> assignments;  ///< point into main and overrides
  std::vector<std::string> warnings;

  Plan(const Graph& graph, const Tensors* trained, const ConfigView& section, const ComponentFactory& factory)
      : main(make_source(graph, section, factory)), overrides(read_overrides(graph, section, factory)) {
    const Keys keys = read_keys(graph, section);
    const std::vector<int> chosen = choose(graph, section, main, keys, overrides, warnings);
    assignments = assign(graph, chosen, main, keys.walk, overrides);
    expand(graph, trained, assignments);
  }
  Plan(const Plan&) = delete;

  std::map<int, Subgraph> replacements() const {
    std::map<int, Subgraph> out;
    for (const Assignment& assignment : assignments) out.emplace(assignment.layer, assignment.by);
    return out;
  }
};

std::string child_name(const std::string& layer, const std::string& child) {
  return child.empty() ? layer : layer + "." + child;
}

/// The tensors of what replaces one layer, by full name.
Tensors convert_layer(const LayerSpec& from, const Assignment& assignment, const Tensors& source, const Rng& rng,
                      std::vector<std::string>& warnings) {
  Rng own = rng.fork(from.name);
  Converted converted = assignment.source->op->convert(from, source, assignment.by, own);
  for (std::string& warning : converted.warnings) warnings.push_back(std::move(warning));
  Tensors out;
  for (auto& [name, tensor] : converted.tensors) out.emplace(child_name(from.name, name), std::move(tensor));
  for (const LayerSpec& made : assignment.by.layers) {
    if (!made.op.empty()) continue;
    LayerSpec named = made;
    named.name = child_name(from.name, made.name);
    if (!tensors_of(out, named.name).empty()) continue;
    for (auto& [name, tensor] : start_layer(named, rng.fork(named.name))) out.emplace(named.name + "." + name, tensor);
  }
  return out;
}

}  // namespace

Walked walk_layers(const Graph& graph, std::span<const int> candidates, const Walk& walk) {
  Walked out;
  for (int i : ordered(graph, candidates, walk)) {
    const bool linear = !is_convolution(graph.layers[static_cast<size_t>(i)]);
    if (linear && !walk.convert_linear) continue;
    if (linear && !walk.count_linear) {
      out.layers.push_back(i);
      continue;
    }
    ++out.countable;
    if (walk.depth && out.counted >= *walk.depth) continue;
    ++out.counted;
    out.layers.push_back(i);
  }
  return out;
}

bool selects(const std::string& selector, const LayerSpec& layer) {
  static constexpr std::array<std::string_view, 8> kRoles = {"stem",    "body",     "depthwise",          "pointwise",
                                                             "spatial", "shortcut", "squeeze_excitation", "classifier"};
  if (std::find(kRoles.begin(), kRoles.end(), selector) == kRoles.end()) {
    return fnmatch(selector.c_str(), layer.name.c_str(), 0) == 0;
  }
  if (layer.role == selector) return true;
  if (!is_convolution(layer)) return false;
  const Shape weight = weight_shape(layer);
  const int64_t groups = layer.attributes.integer("groups", 1);
  const bool depthwise = groups > 1 && groups == layer.attributes.integer("in");
  const bool one_by_one = product(Shape(weight.begin() + 2, weight.end())) == 1;
  if (selector == "depthwise") return depthwise;
  if (selector == "pointwise") return one_by_one && !depthwise;
  if (selector == "spatial") return !one_by_one && !depthwise;
  return false;
}

ConvertedGraph convert_graph(const Graph& graph, const ConfigView& section, const ComponentFactory& factory) {
  Plan plan(graph, nullptr, section, factory);
  ConvertedGraph out{.graph = graph, .converted = {}, .warnings = std::move(plan.warnings)};
  for (const Assignment& assignment : plan.assignments) {
    out.converted.push_back(graph.layers[static_cast<size_t>(assignment.layer)].name);
  }
  out.graph.replace(plan.replacements());
  return out;
}

ConvertedModel convert(Model model, const ConfigView& section, const ComponentFactory& factory, const Rng& rng) {
  const at::NoGradGuard no_grad;
  Plan plan(model.graph, &model.tensors, section, factory);
  ConvertedModel out{.model = {}, .converted = {}, .warnings = std::move(plan.warnings)};
  for (const Assignment& assignment : plan.assignments) {
    const LayerSpec& from = model.graph.layers[static_cast<size_t>(assignment.layer)];
    const Tensors source = tensors_of(model.tensors, from.name);
    for (const auto& [name, tensor] : source) model.tensors.erase(from.name + "." + name);
    model.tensors.merge(convert_layer(from, assignment, source, rng, out.warnings));
    out.converted.push_back(from.name);
  }
  model.graph.replace(plan.replacements());
  out.model = std::move(model);
  return out;
}

}  // namespace dsnn::nn
