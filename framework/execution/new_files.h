#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "config/spec.h"

namespace dsnn::execution {

/// Makes `folder` and what is missing above it. Returns the folders it made, outermost first. Throws ExitError 73.
std::vector<std::filesystem::path> make_folders(const std::filesystem::path& folder);

/// What one call makes in the folder of a new run, so that a refusal takes away that and nothing else.
class NewFiles {
 public:
  /// Notes what lies in `folder` already; `made` are the folders that this call had to make for it, outermost first.
  /// `keep_lock` says that the lock file was there before.
  NewFiles(std::filesystem::path folder, std::vector<std::filesystem::path> made, bool keep_lock);

  /// Removes the run's files that were not there, the folders of `trials`, and of the folders made those that are
  /// empty then. Whatever else lies there stays, and so does every folder around it.
  void remove(const config::ExperimentSpec& spec, const std::vector<int64_t>& trials) const;

 private:
  void remove_new(const std::filesystem::path& relative) const;

  std::filesystem::path folder_;
  std::vector<std::filesystem::path> made_;
  std::set<std::filesystem::path> present_;  ///< relative to the folder
};

}  // namespace dsnn::execution
