#include "execution/new_files.h"

#include <algorithm>

#include "dsnn/error.h"
#include "execution/run_folder.h"
#include "execution/trial_executor.h"

namespace dsnn::execution {
namespace fs = std::filesystem;
namespace {

/// The files that are written before a study's first trial has ended.
constexpr const char* kEarlyFiles[] = {"study.sqlite",    "study.sqlite-wal", "study.sqlite-shm", "log.txt",
                                       "experiment.yaml", "environment.json", "CITATION.bib"};
constexpr const char* kEarlyFolders[] = {"trials", "models", "source"};

}  // namespace

std::vector<fs::path> make_folders(const fs::path& folder) {
  std::vector<fs::path> missing;
  std::error_code error;
  for (fs::path at = folder; !at.empty() && !fs::exists(at, error); at = at.parent_path()) {
    missing.push_back(at);
    if (at == at.parent_path()) break;
  }
  std::reverse(missing.begin(), missing.end());
  fs::create_directories(folder, error);
  if (error)
    throw ExitError(
        73, "cannot make the folder " + folder.string() + ": " + error.message() + "; choose another with --out");
  return missing;
}

NewFiles::NewFiles(fs::path folder, std::vector<fs::path> made, bool keep_lock)
    : folder_(std::move(folder)), made_(std::move(made)) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) present_.insert(entry.path().filename());
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "source", error))
    present_.insert(entry.path().lexically_relative(folder_));
  if (!keep_lock) present_.erase("lock");
}

void NewFiles::remove_new(const fs::path& relative) const {
  std::error_code ignored;  // a folder that is not empty stays
  if (!present_.contains(relative)) fs::remove(folder_ / relative, ignored);
}

void NewFiles::remove(const config::ExperimentSpec& spec, const std::vector<int64_t>& trials) const {
  std::error_code ignored;
  for (const int64_t number : trials) fs::remove_all(folder_ / trial_folder(number), ignored);
  for (const auto& [file, place] : source_files(spec)) {
    for (fs::path at = place; !at.empty(); at = at.parent_path()) remove_new(fs::path("source") / at);
  }
  for (const char* name : kEarlyFiles) remove_new(name);
  for (const char* name : kEarlyFolders) remove_new(name);
  remove_new("lock");
  for (auto at = made_.rbegin(); at != made_.rend(); ++at) fs::remove(*at, ignored);
}

}  // namespace dsnn::execution
