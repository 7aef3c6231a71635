#include "execution/run_folder.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <set>
#include <thread>

#include "dsnn/log.h"
#include "dsnn/version.h"
#include "execution/cpu_budget.h"
#include "execution/new_files.h"
#include "store/file.h"
#include "store/run_lock.h"
#include "store/run_names.h"
#include "study/retention.h"
#include "study/study.h"

namespace dsnn::execution {
namespace fs = std::filesystem;
namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// The value of the first line of `file` that starts with `key`.
std::string first_value(const char* file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

Value machine() {
  utsname system{};
  uname(&system);
  return Value(
      Value::Map{{"host", Value(store::host_name())},
                 {"system", Value(std::string(system.sysname) + " " + system.release)},
                 {"architecture", Value(system.machine)},
                 {"cpu", Value(first_value("/proc/cpuinfo", "model name"))},
                 {"cores", Value(static_cast<int64_t>(std::thread::hardware_concurrency()))},
                 {"memory_bytes", Value(static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE))}});
}

std::string citation(const config::ExperimentSpec& spec) {
  std::string name;
  for (char c : spec.name) {
    if (c == '_') name += '\\';
    name += c;
  }
  return std::string(
             "@software{dsnn_run,\n  title   = {dsnn-run: search and training of multiplication-free neural "
             "networks},\n  version = {") +
         kVersion + "},\n  note    = {Study \"" + name + "\", specification digest " + spec.digest() + "}\n}\n";
}

/// The deepest folder that all these absolute files lie below.
fs::path common_folder(const std::vector<fs::path>& files) {
  fs::path out = files.front().parent_path();
  for (const fs::path& file : files) {
    const fs::path folder = file.parent_path();
    while (std::mismatch(out.begin(), out.end(), folder.begin(), folder.end()).first != out.end())
      out = out.parent_path();
  }
  return out;
}

void copy_source(const fs::path& folder, const config::ExperimentSpec& spec) {
  std::error_code error;
  fs::create_directories(folder / "source", error);
  for (const auto& [file, name] : source_files(spec)) {
    fs::create_directories((folder / "source" / name).parent_path(), error);
    store::write_file_atomically(folder / "source" / name, store::read_file(file));
  }
}

void rename_or_fail(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw ExitError(73, "cannot move " + from.string() + " to " + to.string() + ": " + error.message());
}

constexpr const char* kHalfCopied = ".copy-of-";

/// What copy_model() writes into a folder below models/.
bool is_model_file(const fs::path& name) {
  return name.string().starts_with("checkpoint") || name == "trial.json" || name.string().starts_with(".tmp.");
}

/// Removes an old copy of a model. What else lies in it moves to `heir`, or stays where it is without one.
void remove_model(const fs::path& folder, const fs::path& heir) {
  std::error_code ignored;
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) names.push_back(entry.path().filename());
  for (const fs::path& name : names) {
    if (is_model_file(name)) {
      fs::remove(folder / name, ignored);
    } else if (!heir.empty()) {
      fs::rename(folder / name, heir / name, ignored);
    }
  }
  fs::remove(folder, ignored);
}

/// `made` takes the place of `target`, whose old content is in `made` then. One step where the file system can exchange
/// two names.
void exchange(const fs::path& made, const fs::path& target) {
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) return;
  std::error_code error;
  if (!fs::exists(target, error)) return rename_or_fail(made, target);
  const fs::path old = made.string() + ".old";
  rename_or_fail(target, old);
  rename_or_fail(made, target);
  rename_or_fail(old, made);
}

/// Copies the checkpoint of one trial to models/<name>, together with what it is. At every instant one complete copy,
/// the old or the new one, is there.
void copy_model(const fs::path& folder, const std::string& name, const store::TrialRecord& record) {
  const std::vector<fs::path> files = study::checkpoint_files(folder, record.checkpoint);
  if (files.empty()) return;
  const fs::path target = folder / "models" / name, made = folder / "models" / (kHalfCopied + name);
  for (const char* left : {"", ".old"}) remove_model(made.string() + left, {});
  make_folders(made);
  for (const fs::path& file : files)
    store::write_file_atomically(made / file.filename(), store::read_file(folder / file));
  const Value about(Value::Map{{"trial", Value(record.request.number)},
                               {"configuration", parse_json(record.request.configuration.to_json())}});
  store::write_file_atomically(made / "trial.json", to_json(about) + "\n");
  exchange(made, target);
  store::sync_folder(folder / "models");
  remove_model(made, target);
}

/// Brings what SQLite's journal holds into the store itself, so that the one can be moved before the other.
void merge_journal(const fs::path& file) {
  try {
    if (fs::exists(file)) store::open_sqlite(file, store::Open::read_write);
  } catch (const ExitError&) {
    // A damaged store is moved as it is.
  }
}

}  // namespace

std::vector<std::pair<fs::path, fs::path>> source_files(const config::ExperimentSpec& spec) {
  std::vector<fs::path> files;
  const auto add = [&](const fs::path& file) {
    std::error_code error;
    if (file.empty() || file == "-" || !fs::is_regular_file(file, error)) return;
    files.push_back(fs::absolute(file).lexically_normal());
  };
  add(spec.source);
  for (const fs::path& parent : spec.parents) add(parent);
  std::vector<std::pair<fs::path, fs::path>> out;
  for (const fs::path& file : files) out.emplace_back(file, file.lexically_relative(common_folder(files)));
  return out;
}

void make_run_folder(const fs::path& folder) {
  for (const char* part : {"trials", "models"}) make_folders(folder / part);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw ExitError(73, "cannot write to the run folder " + folder.string() + ": " + std::strerror(errno) +
                            "; choose another with --out");
  }
}

fs::path move_aside(const fs::path& folder) {
  std::error_code error;
  fs::path target;
  for (int i = 1; target.empty() || fs::exists(target, error); ++i)
    target = folder.string() + ".old-" + std::to_string(i);
  std::vector<std::string> own, others;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    (store::is_run_file(name) ? own : others).push_back(name);
  }
  if (others.empty()) {
    rename_or_fail(folder, target);
    return target;
  }
  merge_journal(folder / "study.sqlite");
  if (!fs::create_directory(target, error))
    throw ExitError(73, "cannot make " + target.string() + ": " + error.message());
  // The store first: what a kill leaves behind is then known as files of a run without its store.
  std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) {
    return std::pair(!a.starts_with("study.sqlite"), a) < std::pair(!b.starts_with("study.sqlite"), b);
  });
  for (const std::string& name : own) rename_or_fail(folder / name, target / name);
  return target;
}

std::vector<store::PluginRecord> plugin_records(const config::ExperimentSpec& spec, const plugin::Catalog& catalog) {
  const std::set<std::string> used(spec.plugins.begin(), spec.plugins.end());
  std::vector<store::PluginRecord> out;
  for (const auto& file : catalog.files()) {
    if (!file->problem.empty() || !used.contains(file->name)) continue;
    out.push_back({.name = file->name,
                   .version = file->version,
                   .abi = file->build.api_hash,
                   .sha256 = store::sha256_file(file->path)});
  }
  return out;
}

Value environment(const config::ExperimentSpec& spec, const plugin::Catalog& catalog, const std::string& command) {
  const plugin::BuildInfo build = plugin::own_build_info();
  Value plugins = Value::list();
  for (const store::PluginRecord& p : plugin_records(spec, catalog)) {
    plugins.push_back(
        Value(Value::Map{{"name", Value(p.name)}, {"version", Value(p.version)}, {"sha256", Value(p.sha256)}}));
  }
  return Value(Value::Map{{"program", Value("dsnn-run")},
                          {"version", Value(kVersion)},
                          {"git", Value(DSNN_GIT_STATE)},
                          {"command", Value(command)},
                          {"time", Value(utc_now())},
                          {"build", Value(Value::Map{{"compiler", Value(build.compiler)},
                                                     {"torch", Value(build.torch)},
                                                     {"cuda", Value(build.cuda)},
                                                     {"sanitizers", Value(build.sanitizers)},
                                                     {"api_hash", Value(build.api_hash)}})},
                          {"machine", machine()},
                          {"placement", Value(place(spec, cpu_budget()).text())},
                          {"plugins", std::move(plugins)}});
}

void write_provenance(const fs::path& folder, const config::ExperimentSpec& spec, const plugin::Catalog& catalog,
                      const std::string& command) {
  store::write_file_atomically(folder / "experiment.yaml", spec.to_yaml(false));
  copy_source(folder, spec);
  store::write_file_atomically(folder / "environment.json", to_json(environment(spec, catalog, command)) + "\n");
  store::write_file_atomically(folder / "CITATION.bib", citation(spec));
}

void copy_models(const fs::path& folder, const config::ExperimentSpec& spec,
                 const std::vector<store::TrialRecord>& records, const std::vector<int64_t>& front) {
  if (!spec.is_search() && !records.empty()) return copy_model(folder, "best", records.front());
  if (front.empty()) return;
  copy_model(folder, "best", records[static_cast<size_t>(front.front())]);
  const std::optional<int64_t> knee = study::knee(records, study::front_rule(spec));
  if (knee) copy_model(folder, "knee", records[static_cast<size_t>(*knee)]);
}

}  // namespace dsnn::execution
