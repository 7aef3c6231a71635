#include "execution/session.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "dsnn/log.h"
#include "energy/accounting.h"
#include "energy/carbon_table.h"
#include "execution/forked_acquisition.h"
#include "execution/inline_runner.h"
#include "execution/new_files.h"
#include "execution/run_folder.h"
#include "execution/search.h"
#include "execution/worker_pool.h"
#include "log/log.h"
#include "plugin/loader.h"
#include "report/html.h"
#include "report/run_files.h"
#include "store/database.h"
#include "store/file.h"
#include "store/run_lock.h"
#include "store/run_names.h"
#include "store/trial_table.h"

namespace dsnn::execution {
namespace fs = std::filesystem;
namespace {

std::string uuid() {
  unsigned char bytes[16];
  RAND_bytes(bytes, sizeof bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  std::string out;
  for (size_t i = 0; i < sizeof bytes; ++i) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", bytes[i]);
    out += hex;
    if (i == 3 || i == 5 || i == 7 || i == 9) out += '-';
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string algorithm_of(const config::ExperimentSpec& spec) {
  std::string out;
  for (const char* key : {"fidelity", "acquisition"}) {
    const Value* section = spec.tree.find(key);
    const Value* type = section != nullptr ? section->find("type") : nullptr;
    if (type != nullptr && type->is_string()) out += (out.empty() ? "" : "+") + type->string();
  }
  return out.empty() ? "one trial" : out;
}

store::StudyRecord study_record(const config::ExperimentSpec& spec) {
  store::StudyRecord out;
  out.name = spec.folder().generic_string();
  out.uuid = uuid();
  out.spec_json = to_json(spec.to_json());
  out.spec_sha256 = spec.digest();
  out.spec_yaml = spec.to_yaml(false);
  out.state = "running";
  out.seed = static_cast<uint64_t>(spec.seed);
  out.algorithm = algorithm_of(spec);
  out.created_us = store::now_us();
  for (const auto* targets : {&spec.objectives, &spec.constraints, &spec.recorded}) {
    out.targets.insert(out.targets.end(), targets->begin(), targets->end());
  }
  out.space = spec.space.to_json();
  if (spec.fidelity) {
    out.budget_axes = spec.fidelity->names;
    out.full_budget = spec.fidelity->max.front();
    out.front_of_any_budget = spec.fidelity->front_of_any_budget;
  }
  return out;
}

void compare_plugins(const store::Store& store, const std::vector<store::PluginRecord>& now, bool strict) {
  std::map<std::string, std::string> hashes;
  for (const store::PluginRecord& p : now) hashes[p.name] = p.sha256;
  std::vector<std::string> changed;
  for (const store::PluginRecord& then : store.plugins()) {
    const auto found = hashes.find(then.name);
    if (found == hashes.end() || found->second != then.sha256) changed.push_back(then.name);
  }
  if (changed.empty()) return;
  const std::string text = "plugin files changed since this study began: " + joined(changed);
  if (strict) throw ExitError(65, text + "; use the old files, start anew with --fresh, or leave out --strict");
  log(LogLevel::warning, text + "; trials before and after may differ");
}

bool has_store(const fs::path& folder) {
  std::error_code error;
  return fs::file_size(folder / "study.sqlite", error) > 0 && !error;
}

void refuse_lost_store(const fs::path& folder) {
  const std::string left = has_store(folder) ? "" : store::left_of_a_run(folder);
  if (left.empty()) return;
  throw ExitError(65, folder.string() + " holds " + left +
                          ", but its study.sqlite is missing or empty, so nothing says which study that belongs to. "
                          "Put the file back, choose another --out, or move these files aside with --fresh");
}

/// A folder holds one run, or runs of several seeds or cells below it; what is not this study's is never touched.
void refuse_shared_folder(const fs::path& out, const fs::path& folder) {
  const char* const way_out = ". Give this experiment another name, or choose another --out";
  for (fs::path at = folder; at != out && at.has_relative_path();) {
    at = at.parent_path();
    if (store::is_run(at))
      throw ExitError(65, "cannot begin " + folder.string() + ": " + at.string() +
                              " is the folder of a run itself, and a run's folder holds no other runs" + way_out);
  }
  std::vector<std::string> below;
  for (const fs::path& run : store::find_runs(folder)) {
    if (run != folder) below.push_back(run.lexically_relative(folder).generic_string());
  }
  if (below.empty()) return;
  const std::string more = below.size() > 3 ? " and " + std::to_string(below.size() - 3) + " more" : "";
  if (!more.empty()) below.resize(3);
  throw ExitError(65, "cannot begin " + folder.string() + ": it holds runs of other seeds or cells (" + joined(below) +
                          more + "), and a run's folder holds no other runs" + way_out);
}

/// Creates the study in a new store; in an old one checks that it is the same study.
void open_study(store::Store& store, const config::ExperimentSpec& spec, const fs::path& folder,
                const SessionOptions& options) {
  const std::vector<store::PluginRecord> plugins = plugin_records(spec, options.catalog);
  const std::optional<store::StudyRecord> existing = store.study();
  if (!existing) return store.create_study(study_record(spec), plugins);
  if (existing->spec_sha256 != spec.digest()) {
    const auto other = config::ExperimentSpec::from_text(existing->spec_json);
    throw ExitError(65, folder.string() +
                            (other ? " holds another study; these keys differ: " + joined(spec.differing_keys(*other))
                                   : " holds a study that another version of dsnn-run began") +
                            ". Give this one another name, another --out, or move the old run aside with --fresh");
  }
  compare_plugins(store, plugins, options.strict);
  const std::string json = to_json(spec.to_json());
  if (existing->spec_json != json) store.replace_spec(json, spec.to_yaml(false));
}

store::RunLock take_lock(const fs::path& folder, const SessionOptions& options) {
  return store::RunLock::acquire(
      folder,
      [&](const store::LockHolder& holder) {
        if (options.say) options.say("waiting for " + to_string(holder) + ", which drives " + folder.string());
      },
      [&] { return options.stop != nullptr && options.stop->count() > 0; });
}

std::unique_ptr<study::TrialRunner> make_runner(const config::ExperimentSpec& spec, const SessionOptions& options,
                                                const fs::path& folder) {
  if (spec.execution.inline_isolation)
    return std::make_unique<InlineRunner>(spec, options.catalog, folder, options.stop);
  return std::make_unique<WorkerPool>(
      PoolOptions{.spec = spec, .plugin_dirs = options.catalog.folders(), .run_folder = folder, .stop = options.stop});
}

/// Writes to the run's log.txt for as long as it lives.
class LogFile {
 public:
  explicit LogFile(const fs::path& file) { logging::add_file(file); }
  ~LogFile() { logging::close_files(); }
  LogFile(const LogFile&) = delete;
};

std::optional<double> parent_kwh(const std::vector<const store::TrialRecord*>& ancestors) {
  if (ancestors.empty()) return std::nullopt;
  const Metric* found = find_metric(ancestors.back()->metrics, "training.energy_kwh");
  return found != nullptr ? std::optional<double>(found->value) : std::nullopt;
}

/// Everything in a run's folder that is made from the store.
void write_results(const config::ExperimentSpec& spec, const store::Store& store, const SessionResult& result) {
  copy_models(result.folder, spec, result.records, result.loop.status.front);
  report::write_run_files(result.folder, store, spec.grid);
  report::write_html(result.folder);
}

/// The session proper, in the run's folder, under its lock.
SessionResult run_in(const fs::path& folder, const fs::path& out, const config::ExperimentSpec& spec,
                     const SessionOptions& options) {
  SessionResult result;
  result.folder = folder;
  make_run_folder(result.folder);
  store::remove_half_written(result.folder);
  const std::unique_ptr<store::Store> store = store::open_sqlite(result.folder / "study.sqlite", store::Open::create);
  if (!store->study()) refuse_shared_folder(out, folder);  // again, now that others see this one
  open_study(*store, spec, result.folder, options);
  const LogFile log_file(result.folder / "log.txt");
  write_provenance(result.folder, spec, options.catalog, options.command);
  for (const std::string& note : options.notes) log(LogLevel::info, note);

  const plugin::Loader loader(options.catalog, plugin::Loader::Torch::refused);
  Search search = make_search(spec, options.catalog, loader);
  if (search.acquisition != nullptr)
    search.acquisition = std::make_unique<ForkedAcquisition>(std::move(search.acquisition), options.stop);
  const energy::CarbonIntensity intensity = energy::intensity_of(spec.grid);
  const std::unique_ptr<study::TrialRunner> runner = make_runner(spec, options, result.folder);
  study::Loop loop({.spec = spec,
                    .store = *store,
                    .runner = *runner,
                    .scheduler = search.scheduler.get(),
                    .acquisition = search.acquisition.get(),
                    .run_folder = result.folder,
                    .observer = options.observer,
                    .account =
                        [&](Evaluation& evaluation, const std::vector<const store::TrialRecord*>& ancestors) {
                          energy::add_metrics(evaluation, parent_kwh(ancestors), spec.grid.pue, intensity);
                        },
                    .kg_per_kwh = energy::emissions_kg(1.0, spec.grid.pue, intensity)});
  result.loop = loop.run();
  result.records = loop.records();
  const energy::StudyEnergy used = energy::study_energy(*store, spec.grid.pue, intensity);
  result.kwh = used.kwh;
  result.kg = used.kg;
  result.energy_label = used.label;
  write_results(spec, *store, result);
  return result;
}

/// A study that was refused before any trial finished leaves nothing that would stand in the way of the mended file.
void forget_if_nothing_finished(const fs::path& folder, const config::ExperimentSpec& spec, const NewFiles& made) {
  std::vector<int64_t> numbers;
  try {
    if (fs::exists(folder / "study.sqlite")) {
      for (const auto& trial : store::open_sqlite(folder / "study.sqlite", store::Open::read_only)->trials()) {
        if (store::is_finished(trial.state)) return;
        numbers.push_back(trial.request.number);
      }
    }
    made.remove(spec, numbers);
  } catch (const ExitError& e) {
    log(LogLevel::debug, folder.string() + " stays as it is: " + e.what());
  }
}

/// What the user can mend and try again in the same folder.
bool is_refusal(const std::exception& error) {
  const auto* exit = dynamic_cast<const ExitError*>(&error);
  return dynamic_cast<const ConfigError*>(&error) != nullptr || dynamic_cast<const PluginError*>(&error) != nullptr ||
         (exit != nullptr && exit->exit_code() == 65);
}

bool is_used(const fs::path& folder) { return store::is_run(folder) || !store::left_of_a_run(folder).empty(); }

}  // namespace

SessionResult run_session(const config::ExperimentSpec& spec, const SessionOptions& options) {
  const fs::path out = (fs::absolute(options.out) / "").lexically_normal().parent_path();
  const fs::path folder = (out / spec.folder()).lexically_normal();
  store::refuse_long_path(folder / "study.sqlite", 73);
  if (options.fresh || !store::is_run(folder)) refuse_shared_folder(out, folder);
  if (options.fresh && is_used(folder)) {
    const store::RunLock old = take_lock(folder, options);
    const fs::path moved = move_aside(folder);
    if (options.say) options.say("the old run was moved to " + moved.string());
  }
  refuse_lost_store(folder);
  const std::vector<fs::path> folders = make_folders(folder);
  const bool had_lock = fs::exists(folder / "lock");
  const store::RunLock lock = take_lock(folder, options);
  const bool is_new = !is_used(folder);
  const NewFiles made(folder, folders, had_lock);
  try {
    return run_in(folder, out, spec, options);
  } catch (const std::exception& e) {
    if (is_new && is_refusal(e)) forget_if_nothing_finished(folder, spec, made);
    throw;
  }
}

}  // namespace dsnn::execution
