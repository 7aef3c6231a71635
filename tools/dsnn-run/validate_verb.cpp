#include <iostream>

#include "batch.h"
#include "config/spec.h"
#include "print.h"
#include "verb.h"

namespace dsnn::cli {
namespace po = boost::program_options;
namespace {

std::string counted(size_t n, const std::string& noun) { return std::to_string(n) + " " + noun + (n == 1 ? "" : "s"); }

std::string verdict(const std::vector<config::ExperimentSpec>& specs) {
  const config::ExperimentSpec& first = specs.front();
  std::string out = counted(specs.size(), "run");
  if (first.is_search())
    out += ", " + counted(first.space.size(), "parameter") + ", " + counted(first.objectives.size(), "objective");
  else
    out += ", nothing is searched";
  return out;
}

class ValidateVerb : public Verb {
 public:
  std::string name() const override { return "validate"; }
  std::string summary() const override { return "check experiment files: every error at once"; }
  std::string synopsis() const override { return "validate FILE... [--set KEY=VALUE]"; }
  std::string example() const override { return "dsnn-run validate experiments/quickstart.yaml"; }
  std::pair<int, int> positional() const override { return {1, -1}; }

  void add_options(po::options_description& options) const override {
    options.add_options()("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                          "replace the value at a key path; may be repeated");
  }

  int run(const po::variables_map& options, const std::vector<std::string>& arguments,
          const Global& global) const override {
    std::vector<std::string> sets;
    if (options.count("set") > 0) sets = options["set"].as<std::vector<std::string>>();
    config::Diagnostics diagnostics;
    std::string good;
    for (const std::filesystem::path& file : experiment_files(arguments)) {
      const auto specs = load_checked(file, sets, global.catalog(), diagnostics);
      if (!specs.empty()) good += file.string() + ": valid: " + verdict(specs) + "\n";
    }
    if (!global.quiet) print(good);
    std::cerr << diagnostics.text();
    return diagnostics.has_errors() ? diagnostics.exit_code() : 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_validate_verb() { return std::make_unique<ValidateVerb>(); }

}  // namespace dsnn::cli
