#include "store/run_names.h"

#include <algorithm>
#include <array>
#include <system_error>

namespace dsnn::store {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kFolders = {"trials", "models", "source"};
constexpr std::array<std::string_view, 18> kNames = {
    "study.sqlite", "study.sqlite-wal", "study.sqlite-shm", "study.sqlite-journal", "lock",        "log.txt",
    "trials",       "models",           "source",           "experiment.yaml",      "pareto.csv",  "environment.json",
    "events.jsonl", "trials.csv",       "emissions.csv",    "energy.csv",           "report.html", "CITATION.bib"};

bool holds(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_backup(std::string_view name) { return name.starts_with("study.sqlite.v") && name.ends_with(".backup"); }

}  // namespace

bool is_run(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "study.sqlite", ignored);
}

std::vector<fs::path> find_runs(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (holds(kFolders, name)) entry.disable_recursion_pending();
    if (name == "study.sqlite") out.push_back(entry->path().parent_path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::span<const std::string_view> run_file_names() { return kNames; }

bool is_run_file(std::string_view name) { return holds(kNames, name) || is_backup(name); }

std::string left_of_a_run(const fs::path& folder) {
  std::error_code error;
  const fs::directory_iterator trials(folder / "trials", error);
  if (!error && trials != fs::directory_iterator()) return "trials";
  for (const char* model : {"models/best", "models/knee"}) {
    if (fs::exists(folder / model, error)) return model;
  }
  for (const std::string_view name : kNames) {
    const bool counts = !holds(kFolders, name) && !name.starts_with("study.sqlite") && name != "lock";
    if (counts && fs::exists(folder / name, error)) return std::string(name);
  }
  return "";
}

std::optional<fs::path> run_that_owns(const fs::path& file) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(file, error);
  if (error) return std::nullopt;
  for (fs::path at = real; at.has_relative_path(); at = at.parent_path()) {
    if (is_run(at.parent_path()) && is_run_file(at.filename().string())) return at.parent_path();
  }
  return std::nullopt;
}

}  // namespace dsnn::store
