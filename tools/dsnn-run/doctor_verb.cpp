#include <sqlite3.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <map>

#include "dsnn/error.h"
#include "dsnn/version.h"
#include "execution/cpu_budget.h"
#include "machine.h"
#include "plugin/catalog.h"
#include "plugin/loader.h"
#include "plugin/program.h"
#include "print.h"
#include "store/database.h"
#include "table.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;
using Rows = std::vector<std::vector<std::string>>;

std::string gibibytes(int64_t bytes) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / (1 << 30));
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? "none" : text;
}

void print(const std::string& title, const Rows& rows) { cli::print(title + "\n" + table(rows) + "\n"); }

Rows program_rows() {
  const plugin::BuildInfo build = plugin::own_build_info();
  return {{"dsnn-run", std::string(kVersion) + ", language " + kLanguage + ", plugin API " + build.api_hash},
          {"built with", build.compiler + ", LibTorch " + build.torch +
                             (build.sanitizers.empty() ? "" : ", sanitizers " + build.sanitizers)},
          {"store", std::string("SQLite ") + sqlite3_libversion()}};
}

Rows machine_rows(const Machine& machine) {
  const execution::CpuBudget cores = execution::cpu_budget();
  config::ExperimentSpec training, search;
  search.space = SearchSpace({{.id = "x", .domain = {}, .default_value = Value(0.0), .active_when = {}}});
  return {{"processor", machine.processor.empty() ? "unknown" : machine.processor},
          {"cores", cores.text() + " for this process"},
          {"a search", "runs by default with " + execution::place(search, cores).text()},
          {"one training", "runs by default with " + execution::place(training, cores).text()},
          {"vectors", joined(machine.isa)},
          {"memory", gibibytes(machine.memory_bytes) + ", " + gibibytes(machine.free_bytes) + " free"},
          {"GPU", machine.cuda_driver.empty() ? "libcuda.so.1 loads: an NVIDIA driver is here" : machine.cuda_driver}};
}

/// Each counter, and the one line that opens those that are shut.
Rows energy_rows(const Machine& machine) {
  if (machine.counters.empty()) {
    return {{"RAPL",
             "no counters in /sys/class/powercap: a virtual machine, a container or an old kernel; energy comes from a "
             "model"}};
  }
  Rows rows;
  std::string shut;
  for (const EnergyCounter& counter : machine.counters) {
    rows.push_back({counter.name, counter.readable ? "readable" : "not readable", counter.file.string()});
    if (!counter.readable) shut += " " + counter.file.string();
  }
  if (!shut.empty()) rows.push_back({"to open", "sudo chmod a+r" + shut});
  return rows;
}

/// A component's probe, without loading LibTorch into this process.
std::string verdict(const plugin::Loader& loader, const plugin::ComponentInfo& component) {
  if (component.needs_torch) return "needs LibTorch: probed by a worker";
  try {
    const std::string why_not = loader.probe(component);
    return why_not.empty() ? "ready" : why_not;
  } catch (const PluginError& e) {
    return e.what();
  }
}

/// One row a file when all its components fare alike, which is the rule.
Rows plugin_rows(const plugin::Catalog& catalog) {
  const plugin::Loader loader(catalog, plugin::Loader::Torch::refused);
  Rows rows;
  for (const auto& file : catalog.files()) {
    const std::string name = file->path.filename().string();
    if (!file->problem.empty()) {
      rows.push_back({name, "", file->problem});
      continue;
    }
    std::map<std::string, int> verdicts;
    for (const plugin::ComponentInfo& component : file->components) ++verdicts[verdict(loader, component)];
    for (const auto& [text, count] : verdicts) {
      rows.push_back({name, std::to_string(count) + (count == 1 ? " component" : " components"), text});
    }
  }
  if (rows.empty()) rows.push_back({"none found"});
  return rows;
}

Rows data_rows() {
  Rows rows;
  for (const fs::path& folder : data_folders(plugin::program_prefix())) {
    std::vector<std::string> names;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(folder, failed)) {
      if (entry.is_directory(failed)) names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    if (!names.empty()) rows.push_back({plugin::shown(folder), joined(names)});
  }
  if (rows.empty())
    rows.push_back({"none found; set DSNN_DATA to the folder that holds them, or run tools/fetch-dataset"});
  return rows;
}

/// Prints what SQLite says of a run's store; 74 when it is damaged.
int check_store(const fs::path& run) {
  const fs::path file = fs::is_directory(run) ? run / "study.sqlite" : run;
  if (!fs::exists(file))
    throw ExitError(65, run.string() + " holds no study.sqlite; give the folder of a run, such as runs/NAME");
  store::open_sqlite(file, store::Open::read_only);  // an empty or newer one is refused with the reason
  store::Database database(file, store::Open::read_only);
  store::Query query = database.query("PRAGMA integrity_check");
  std::string verdict;
  while (query.step()) verdict += (verdict.empty() ? "" : "; ") + query.text(0);
  cli::print(file.string() + ": " + (verdict == "ok" ? "intact" : verdict) + "\n");
  return verdict == "ok" ? 0 : 74;
}

class DoctorVerb : public Verb {
 public:
  std::string name() const override { return "doctor"; }
  std::string summary() const override {
    return "what this machine offers: processor, GPU, energy counters, plugins, data, store";
  }
  std::string synopsis() const override { return "doctor [--store RUN]"; }
  std::string example() const override { return "dsnn-run doctor --store runs/quickstart"; }
  void add_options(po::options_description& options) const override {
    options.add_options()("store", po::value<std::string>()->value_name("RUN"),
                          "only check the store of this run for damage");
  }

  int run(const po::variables_map& options, const std::vector<std::string>&, const Global& global) const override {
    if (options.count("store") > 0) return check_store(options["store"].as<std::string>());
    const Machine machine = this_machine();
    print("program", program_rows());
    print("machine", machine_rows(machine));
    print("energy counters", energy_rows(machine));
    print("plugins", plugin_rows(global.catalog()));
    cli::print("data sets\n" + table(data_rows()));
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_doctor_verb() { return std::make_unique<DoctorVerb>(); }

}  // namespace dsnn::cli
