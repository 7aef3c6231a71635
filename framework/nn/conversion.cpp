#include "nn/conversion.h"

#include <ATen/core/grad_mode.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <set>

#include "dsnn/error.h"
#include "dsnn/op_table.h"

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
struct Assignment {
  std::string layer;
  const Source* source;
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
      out.push_back({layer.name, &main});
    } else if (const Override* found = override_of(overrides, layer);
               found != nullptr && found->source.takes_something) {
      if (!found->source.op->accepts(layer)) {
        found->section.error("layers",
                             "operator '" + found->source.type + "' cannot take the layer '" + layer.name + "'");
      }
      out.push_back({layer.name, &found->source});
    }
  }
  return out;
}

int index_of(const Graph& graph, const std::string& name) {
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    if (graph.layers[i].name == name) return static_cast<int>(i);
  }
  DSNN_ASSERT(!"a layer to convert is in its graph");
  return -1;
}

void apply(Conversion& conversion, const Assignment& assignment) {
  const int index = index_of(conversion.graph, assignment.layer);
  Subgraph by = assignment.source->op->expand(conversion.graph.layers[static_cast<size_t>(index)], nullptr);
  for (LayerSpec& layer : by.layers) {
    if (layer.op.empty() && !made_by_framework(layer)) layer.op = assignment.source->type;
  }
  conversion.graph.replace(index, by);
  Replacement done{.layer = assignment.layer, .made = {}, .op = assignment.source->op};
  for (size_t i = 0; i < by.layers.size(); ++i) {
    done.made.push_back(conversion.graph.layers[static_cast<size_t>(index) + i].name);
  }
  conversion.converted.push_back(assignment.layer);
  conversion.operators.emplace(assignment.source->type, assignment.source->op);
  conversion.replacements.push_back(std::move(done));
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

Conversion convert_graph(const Graph& backbone, const ConfigView& section, const ComponentFactory& factory) {
  Conversion out;
  out.graph = backbone;
  const Source main = make_source(backbone, section, factory);
  const std::vector<Override> overrides = read_overrides(backbone, section, factory);
  const Keys keys = read_keys(backbone, section);
  const std::vector<int> chosen = choose(backbone, section, main, keys, overrides, out.warnings);
  // The main operator comes first: its instance makes the layers of its type, whatever an override says.
  if (!chosen.empty()) out.operators.emplace(main.type, main.op);
  for (const Assignment& assignment : assign(backbone, chosen, main, keys.walk, overrides)) apply(out, assignment);
  return out;
}

MadeNetwork make_network(const Graph& backbone, const Conversion& conversion, const Rng& rng, const Tensors* weights) {
  auto floats = std::make_unique<Network>(backbone, Operators{}, rng);
  if (weights != nullptr) floats->load(*weights);
  if (conversion.replacements.empty()) return {.network = std::move(floats), .warnings = {}};

  const at::NoGradGuard no_grad;
  Tensors source;
  for (NamedTensor& entry : floats->state()) source.emplace(entry.name, entry.tensor.detach());
  std::set<std::string> replaced;
  MadeNetwork out{.network = std::make_unique<Network>(conversion.graph, conversion.operators, rng), .warnings = {}};
  for (const Replacement& replacement : conversion.replacements) {
    Tensors own;
    const std::string prefix = replacement.layer + ".";
    for (const auto& [name, tensor] : source) {
      if (name.starts_with(prefix)) own.emplace(name.substr(prefix.size()), tensor);
    }
    std::vector<Layer*> into;
    for (const std::string& name : replacement.made) {
      into.push_back(&out.network->layer(name));
      replaced.insert(name);
    }
    for (std::string& warning : replacement.op->convert(own, into)) out.warnings.push_back(std::move(warning));
  }
  if (weights == nullptr) return out;
  for (NamedTensor& entry : out.network->state()) {
    const std::string layer = entry.name.substr(0, entry.name.rfind('.'));
    if (replaced.count(layer) == 0) entry.tensor.copy_(source.at(entry.name));
  }
  return out;
}

}  // namespace dsnn::nn
