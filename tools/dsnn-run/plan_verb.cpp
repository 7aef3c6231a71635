#include <algorithm>
#include <cstdio>
#include <iostream>

#include "batch.h"
#include "config/spec.h"
#include "execution/describe.h"
#include "plan_text.h"
#include "print.h"
#include "table.h"
#include "verb.h"

namespace dsnn::cli {
namespace po = boost::program_options;
namespace {

constexpr size_t kDetailed = 3;  // cells told in full; the rest is a list of folders

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Graph and analytic metrics of the default configuration, asked of a worker.
std::string cost_text(const config::ExperimentSpec& spec, const Global& global) {
  const Description known = execution::describe(spec, spec.space.default_configuration(), global.catalog().folders());
  std::string out = "cost of the default configuration\n";
  std::vector<std::vector<std::string>> rows;
  for (const Metric& metric : known.metrics) rows.push_back({metric.name, number(metric.value)});
  out += table(rows);
  rows.clear();
  if (known.graph) {
    for (const LayerSpec& layer : known.graph->layers) {
      const bool converted =
          std::find(known.converted.begin(), known.converted.end(), layer.name) != known.converted.end();
      rows.push_back({layer.name, layer.type, converted ? "converted" : ""});
    }
    out += "layers\n" + table(rows);
  }
  for (const std::string& warning : known.warnings) out += "warning: " + warning + "\n";
  return out;
}

class PlanVerb : public Verb {
 public:
  std::string name() const override { return "plan"; }
  std::string summary() const override {
    return "what a file will do: cells, parameters, rungs, trials; writes nothing";
  }
  std::string synopsis() const override { return "plan FILE [--resolved] [--cost] [--set KEY=VALUE]"; }
  std::string example() const override { return "dsnn-run plan experiments/quickstart.yaml --resolved"; }
  std::pair<int, int> positional() const override { return {1, 1}; }

  void add_options(po::options_description& options) const override {
    options.add_options()("resolved", "print the resolved file with the origin of every value")(
        "cost", "ask a worker for layers and energy of the default configuration")(
        "set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
        "replace the value at a key path; may be repeated");
  }

  int run(const po::variables_map& options, const std::vector<std::string>& arguments,
          const Global& global) const override {
    std::vector<std::string> sets;
    if (options.count("set") > 0) sets = options["set"].as<std::vector<std::string>>();
    config::Diagnostics diagnostics;
    const auto specs = load_checked(arguments.front(), sets, global.catalog(), diagnostics);
    std::cerr << diagnostics.text();
    if (diagnostics.has_errors()) return diagnostics.exit_code();
    if (options.count("resolved") > 0)
      print_resolved(specs);
    else
      print_plans(specs, global);
    if (options.count("cost") > 0) {
      for (const config::ExperimentSpec& spec : specs) {
        if (spec.seed != specs.front().seed) continue;  // the cost does not depend on the seed
        if (!spec.cell.empty()) print("\n" + spec.cell + "\n");
        print(cost_text(spec, global));
      }
    }
    std::cout << std::flush;
    return 0;
  }

 private:
  static void print_resolved(const std::vector<config::ExperimentSpec>& specs) {
    for (const config::ExperimentSpec& spec : specs) {
      if (specs.size() > 1) std::cout << "---  # " << spec.folder().generic_string() << "\n";
      std::cout << spec.to_yaml(true);
    }
  }

  static void print_plans(const std::vector<config::ExperimentSpec>& specs, const Global& global) {
    if (specs.size() > 1) std::cout << specs.size() << " runs\n\n";
    for (size_t i = 0; i < std::min(specs.size(), kDetailed); ++i) {
      print((i > 0 ? "\n" : "") + plan_text(specs[i], global.catalog()));
    }
    if (specs.size() <= kDetailed) return;
    std::cout << "\nand\n";
    for (size_t i = kDetailed; i < specs.size(); ++i) std::cout << "  " << specs[i].folder().generic_string() << "\n";
  }
};

}  // namespace

std::unique_ptr<Verb> make_plan_verb() { return std::make_unique<PlanVerb>(); }

}  // namespace dsnn::cli
