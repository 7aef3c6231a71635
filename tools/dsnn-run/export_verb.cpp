#include <iostream>

#include "dsnn/error.h"
#include "run_reader.h"
#include "store/file.h"
#include "store/trial_table.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

namespace po = boost::program_options;

std::string exported(const store::Store& store, const std::string& format, store::Columns columns) {
  if (format == "csv") return store::trial_table_csv(store, columns);
  if (format == "jsonl") return store::trial_table_jsonl(store, columns);
  for (const char* later : {"tex", "codecarbon", "optuna", "tensorboard", "deepshift", "safetensors", "torchscript",
                            "packed", "c", "bundle"}) {
    if (format == later)
      throw ExitError(2, "this build does not have the format '" + format + "' yet; it has csv and jsonl");
  }
  throw ExitError(2, "unknown format '" + format + "'; expected csv or jsonl");
}

class ExportVerb : public Verb {
 public:
  std::string name() const override { return "export"; }
  std::string summary() const override { return "the trial table as csv or jsonl"; }
  std::string synopsis() const override { return "export RUN [--format csv|jsonl] [--all] [-o FILE]"; }
  std::string example() const override {
    return "dsnn-run export runs/fashion-mnist-pareto --format csv -o trials.csv";
  }
  std::pair<int, int> positional() const override { return {1, 1}; }
  void add_options(po::options_description& options) const override {
    options.add_options()("format", po::value<std::string>()->default_value("csv")->value_name("NAME"), "csv or jsonl")(
        "all", "also times, hosts, attempts and measured energy, which differ between equal runs")(
        "output,o", po::value<std::string>()->default_value("-")->value_name("FILE"), "- writes to standard output");
  }

  int run(const po::variables_map& options, const std::vector<std::string>& arguments, const Global&) const override {
    const auto columns = options.count("all") > 0 ? store::Columns::all : store::Columns::reproducible;
    const Run read = open_run(arguments.front());
    const std::string text = exported(*read.store, options["format"].as<std::string>(), columns);
    const std::string& file = options["output"].as<std::string>();
    if (file == "-") {
      std::cout << text;
    } else {
      store::write_output(file, text);
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_export_verb() { return std::make_unique<ExportVerb>(); }

}  // namespace dsnn::cli
