#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <set>

#include "batch.h"
#include "batch_check.h"
#include "dsnn/log.h"
#include "execution/session.h"
#include "print.h"
#include "progress.h"
#include "report/index.h"
#include "run_reader.h"
#include "run_summary.h"
#include "verb.h"

namespace dsnn::cli {
namespace fs = std::filesystem;
namespace po = boost::program_options;
namespace {

constexpr int kNoSuccess = 1, kCannotCreate = 73, kInterrupted = 75;
constexpr int64_t kSmokeTrials = 2;

/// A folder that is gone with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "dsnn-smoke-XXXXXX").string();
    if (error || ::mkdtemp(pattern.data()) == nullptr) {
      throw ExitError(73, "cannot make the temporary folder " + pattern + ": " +
                              (error ? error.message() : std::strerror(errno)) +
                              "; set TMPDIR to a folder that can be written");
    }
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Two trials, each of two batches of every kind.
void make_smoke(config::ExperimentSpec& spec) {
  const double stall_seconds = spec.limits.trial_stall_seconds;
  spec.limits = config::Limits();
  spec.limits.trial_stall_seconds = stall_seconds;
  spec.limits.trials = kSmokeTrials;
  spec.tree.set("smoke", Value(Value::Map{{"batches", Value(2)}}));
}

int exit_code_of(const execution::SessionResult& result, bool strict) {
  if (result.loop.interrupted) return kInterrupted;
  const auto good = [](const store::TrialRecord& r) { return r.state == TrialState::complete; };
  if (std::none_of(result.records.begin(), result.records.end(), good)) return kNoSuccess;
  return strict && result.loop.status.failed > 0 ? kNoSuccess : 0;
}

/// Where and how the studies of a batch run.
struct Way {
  fs::path out;
  bool fresh = false;
  bool smoke = false;
};

/// One study and what is already known of it.
struct Study {
  const config::ExperimentSpec& spec;
  const std::vector<std::string>& notes;
};

class RunVerb : public Verb {
 public:
  std::string name() const override { return "run"; }
  std::string summary() const override { return "run experiment files, or resume them"; }
  std::string synopsis() const override {
    return "run FILE... [--set KEY=VALUE] [--out DIR] [--workers N] [--only PATTERN] [--smoke] [--fresh]";
  }
  std::string example() const override { return "dsnn-run run experiments/quickstart.yaml --set limits.trials=60"; }
  std::pair<int, int> positional() const override { return {1, -1}; }

  void add_options(po::options_description& options) const override {
    options.add_options()("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
                          "replace the value at a key path; may be repeated")(
        "out", po::value<std::string>()->default_value("runs")->value_name("DIR"), "runs lie below this folder")(
        "workers", po::value<int>()->value_name("N"), "worker processes, instead of execution.workers")(
        "only", po::value<std::string>()->default_value("")->value_name("PATTERN"),
        "only runs or cells whose name matches, as 'resnet20-*'")(
        "smoke", "two batches of every kind per cell, in a temporary folder")(
        "fresh", "move an existing run aside instead of resuming it");
  }

  int run(const po::variables_map& options, const std::vector<std::string>& arguments,
          const Global& global) const override {
    BatchOptions wanted{.files = arguments, .sets = {}, .only = options["only"].as<std::string>()};
    if (options.count("set") > 0) wanted.sets = options["set"].as<std::vector<std::string>>();
    if (options.count("workers") > 0)
      wanted.sets.push_back("execution.workers=" + std::to_string(options["workers"].as<int>()));
    execution::StopSignals stop;
    Batch batch = load_batch(wanted, global.catalog());
    if (batch.exit_code != 0) return batch.exit_code;
    if (options.count("smoke") > 0) {
      const TemporaryFolder folder;
      for (config::ExperimentSpec& spec : batch.specs) make_smoke(spec);
      return run_all(batch.specs, {.out = folder.path(), .smoke = true}, global, stop);
    }
    return run_all(batch.specs, {.out = options["out"].as<std::string>(), .fresh = options.count("fresh") > 0}, global,
                   stop);
  }

 private:
  static int run_all(const std::vector<config::ExperimentSpec>& specs, const Way& way, const Global& global,
                     execution::StopSignals& stop) {
    const BatchCheck checked = check_batch(specs, way.out, way.fresh, global.catalog(), stop);
    if (checked.exit_code != 0) return checked.exit_code;
    int worst = 0;
    for (size_t i = 0; i < specs.size(); ++i) {
      const Study study{.spec = specs[i], .notes = checked.notes[i]};
      const int code = specs.size() == 1 ? run_one(study, way, global, stop) : run_guarded(study, way, global, stop);
      if (code == kInterrupted || stop.count() > 0) {
        worst = kInterrupted;
        break;
      }
      worst = std::max(worst, code);
    }
    if (!way.smoke) write_indexes(specs, way.out);
    return worst;
  }

  /// The page of every experiment that has more runs than one.
  static void write_indexes(const std::vector<config::ExperimentSpec>& specs, const fs::path& out) {
    std::set<std::string> names;
    for (const config::ExperimentSpec& spec : specs) {
      if (!spec.cell.empty() || spec.seed_in_path) names.insert(spec.name);
    }
    for (const std::string& name : names) {
      const std::vector<fs::path> runs = find_runs(out / name);
      if (runs.empty() || is_run(out / name)) continue;
      try {
        report::write_index(out / name, runs);
        print("all runs of " + name + ": " + (out / name / "index.html").string() + "\n");
      } catch (const ExitError& e) {
        if (e.exit_code() != kCannotCreate) throw;
        log(LogLevel::warning, e.what());  // the runs themselves are complete
      }
    }
  }

  /// One of several: its error is told and the others go on.
  static int run_guarded(const Study& study, const Way& way, const Global& global, execution::StopSignals& stop) {
    const std::string prefix = study.spec.folder().string() + ": ";
    try {
      return run_one(study, way, global, stop);
    } catch (const ConfigError& e) {
      for (const Diagnostic& diagnostic : e.diagnostics()) std::cerr << format(diagnostic);
      log(LogLevel::error, prefix + "cannot run");
      return e.exit_code();
    } catch (const PluginError& e) {
      log(LogLevel::error, prefix + e.what());
      return e.exit_code();
    } catch (const ExitError& e) {
      log(LogLevel::error, prefix + e.what());
      return e.exit_code();
    }
  }

  static int run_one(const Study& study, const Way& way, const Global& global, execution::StopSignals& stop) {
    const config::ExperimentSpec& spec = study.spec;
    const std::string command = own_command_line();
    const std::string again = own_command_line("--fresh");  // what resumes must not move its run aside
    execution::SessionResult result;
    {
      Progress progress(spec, global.quiet);
      result = execution::run_session(spec, {.out = way.out,
                                             .catalog = global.catalog(),
                                             .notes = study.notes,
                                             .command = command,
                                             .fresh = way.fresh,
                                             .strict = global.strict,
                                             .stop = &stop,
                                             .observer = &progress,
                                             .say = [](const std::string& text) { log(LogLevel::info, text); }});
    }
    if (way.smoke) {
      print(spec.folder().string() + ": smoke, " + std::to_string(result.loop.status.finished) + " trials, " +
            std::to_string(result.loop.status.failed) + " failed\n");
    } else {
      print(run_summary(spec, result, again));
    }
    return exit_code_of(result, global.strict);
  }
};

}  // namespace

std::unique_ptr<Verb> make_run_verb() { return std::make_unique<RunVerb>(); }

}  // namespace dsnn::cli
