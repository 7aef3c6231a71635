#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"

namespace dsnn::study {

/// The files of a trial's checkpoint, relative to the run folder; empty when it has none (any more).
std::vector<std::filesystem::path> checkpoint_files(const std::filesystem::path& run_folder,
                                                    const std::string& checkpoint);

/// Deletes the checkpoints that execution.checkpoints.keep does not ask for and nobody needs any more.
class Retention {
 public:
  Retention(std::filesystem::path run_folder, std::string keep, store::Store& store);

  /// A finished trial has a checkpoint: the files of its last generation become artifact rows, the one before goes.
  void add(const store::TrialRecord& record);
  /// Deletes what is neither in `front` (with keep: front) nor `needed`; those records lose their `checkpoint`.
  void sweep(std::vector<store::TrialRecord>& records, const std::vector<int64_t>& front,
             const std::function<bool(int64_t)>& needed);

 private:
  bool kept(const store::TrialRecord& record, const std::set<int64_t>& front, const std::set<int64_t>& continued) const;
  void remove(store::TrialRecord& record);
  void delete_file(const std::filesystem::path& file) const;

  std::filesystem::path run_folder_;
  std::string keep_;
  store::Store& store_;
  std::set<int64_t> present_;
};

}  // namespace dsnn::study
