#include <algorithm>
#include <iostream>
#include <vector>

#include "config/kind_schema.h"
#include "dsnn/error.h"
#include "field_text.h"
#include "kinds.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

constexpr const char* kStarter =
    R"(# yaml-language-server: $schema=../schemas/experiment.schema.json
# A starter file. Check it:       dsnn-run validate FILE
# See what it will do:            dsnn-run plan FILE
# Do it, or go on where it stood: dsnn-run run FILE
schema: dsnn/1
name: my-study                    # results go to runs/my-study/
seed: 1                           # a list, [1, 2, 3], repeats everything

dataset: {type: fashion_mnist, validation_fraction: 0.2}
backbone: simple_cnn              # short for {type: simple_cnn}; others: dsnn-run list backbone
operator:
  type: deepshift                 # keys and defaults: dsnn-run describe operator deepshift
  weight_bits: {search: {int: [2, 5]}}          # any value may be a search domain
  depth: {search: {int: [0, 4]}}                # layers converted, from the output end
training:
  epochs: 9
  batch_size: {search: {choice: [64, 128, 256]}}
  optimizer:                      # a choice between sections: keys of the others are inactive
    search:
      choice:
        - {type: sgd, momentum: 0.9, lr: {search: {float: [1e-3, 0.3], log: true}}}
        - {type: radam, lr: {search: {float: [1e-4, 3e-2], log: true}}}

objectives:                       # leave them out, and every `search`, to train one network
  - {name: error, metric: validation.error, goal: minimize, reference: 0.5}
  - {name: energy, metric: inference.energy_mj, goal: minimize}
fidelity: {type: hyperband, budget: epochs, min: 1, eta: 3}
acquisition: parego
limits: {trials: 40}              # or configurations, epochs, wall: 30min
execution: {workers: 2, deterministic: true}
meters:
  country: WLD                    # carbon intensity, as a country code
  inference: {type: hardware_model, weight_bit_fj: 20}   # operations at 45 nm + reading the weights
)";

/// The key path in an experiment that holds a component of this kind; "-" = an item of a list.
std::vector<std::string> section_of(Kind kind) {
  switch (kind) {
    case Kind::transform:
      return {"dataset", "transforms", "-"};
    case Kind::optimizer:
    case Kind::schedule:
    case Kind::loss:
      return {"training", std::string(name_of(kind))};
    case Kind::surrogate:
      return {"acquisition", "surrogate"};
    case Kind::meter:
      return {"meters", "use", "-"};
    case Kind::cost_model:
      return {"meters", "inference"};
    case Kind::fidelity_scheduler:
      return {"fidelity"};
    default:
      return {std::string(name_of(kind))};
  }
}

/// Required keys to fill in, all others as comments with their defaults.
void add_lines(std::string& out, const std::vector<config::FieldSpec>& fields, const std::string& margin) {
  for (const config::FieldSpec& field : fields) {
    const bool commented = margin.find('#') != std::string::npos;
    const std::string bounds = bounds_text(field);
    const std::string value = field.required || !field.default_value ? "" : " " + default_text(field);
    const std::string start = margin + (field.required || commented ? "" : "# ") + field.key + ":" + value;
    out += start + std::string(start.size() < 34 ? 34 - start.size() : 1, ' ') + "# " + field.doc +
           (bounds.empty() ? "" : " (" + bounds + ")") + "\n";
    if (field.type == FieldType::map)
      add_lines(out, field.fields, margin + (field.required || commented ? "  " : "#   "));
  }
}

std::string section_text(const plugin::Catalog& catalog, Kind kind, const plugin::ComponentInfo& component) {
  std::string out = "# " + component.summary + "\n", margin;
  for (const std::string& key : section_of(kind)) {
    if (key == "-") {
      out += margin + "- ";
    } else {
      out += margin + key + ":\n";
    }
    margin += "  ";
  }
  out += (out.ends_with("- ") ? "" : margin) + "type: " + component.name + "\n";
  add_lines(out, config::component_fields(component), margin);
  std::string others;
  for (const auto* other : catalog.of(kind)) {
    if (other != &component) others += " " + other->name;
  }
  if (!others.empty()) out += "# other types:" + others + "\n";
  return out;
}

class InitVerb : public Verb {
 public:
  std::string name() const override { return "init"; }
  std::string summary() const override { return "a commented starter file, or the section of one kind of plugin"; }
  std::string synopsis() const override { return "init [KIND [NAME]]"; }
  std::string example() const override { return "dsnn-run init > my-study.yaml"; }
  std::pair<int, int> positional() const override { return {0, 2}; }

  int run(const boost::program_options::variables_map&, const std::vector<std::string>& arguments,
          const Global& global) const override {
    if (arguments.empty()) {
      std::cout << kStarter;
      return 0;
    }
    const Kind kind = kind_of_word(arguments[0]);
    const plugin::Catalog& catalog = global.catalog();
    const plugin::ComponentInfo* component =
        arguments.size() == 2 ? &component_of(catalog, kind, arguments[1]) : catalog.default_of(kind);
    if (component == nullptr && !catalog.of(kind).empty()) component = catalog.of(kind).front();
    if (component == nullptr)
      throw PluginError("no " + std::string(name_of(kind)) + " was found (searched: " + searched(catalog) + ")");
    std::cout << section_text(catalog, kind, *component);
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_init_verb() { return std::make_unique<InitVerb>(); }

}  // namespace dsnn::cli
