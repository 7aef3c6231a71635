#include "study/retention.h"

#include <algorithm>

#include "dsnn/log.h"
#include "store/file.h"

namespace dsnn::study {
namespace fs = std::filesystem;

std::vector<fs::path> checkpoint_files(const fs::path& run_folder, const std::string& checkpoint) {
  std::vector<fs::path> out;
  if (checkpoint.empty()) return out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(run_folder / checkpoint, ignored)) {
    if (entry.path().filename().string().starts_with("checkpoint"))
      out.push_back(fs::path(checkpoint) / entry.path().filename());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Retention::Retention(fs::path run_folder, std::string keep, store::Store& store)
    : run_folder_(std::move(run_folder)), keep_(std::move(keep)), store_(store) {}

void Retention::add(const store::TrialRecord& record) {
  std::vector<fs::path> files;
  for (const fs::path& file : checkpoint_files(run_folder_, record.checkpoint)) {
    if (file.filename().string().starts_with("checkpoint.previous")) {
      delete_file(file);  // it was for a crash in the middle of writing; the trial is over
    } else {
      files.push_back(file);
    }
  }
  if (files.empty()) return;
  if (!present_.insert(record.request.number).second) return;
  for (const store::ArtifactRecord& known : store_.artifacts(record.request.number)) {
    if (known.kind == "checkpoint") return;  // recorded before a restart
  }
  for (const fs::path& file : files) {
    store_.add_artifact({.trial = record.request.number,
                         .kind = "checkpoint",
                         .path = file.generic_string(),
                         .sha256 = store::sha256_file(run_folder_ / file),
                         .bytes = static_cast<int64_t>(fs::file_size(run_folder_ / file)),
                         .step = 0});
  }
}

bool Retention::kept(const store::TrialRecord& record, const std::set<int64_t>& front,
                     const std::set<int64_t>& continued) const {
  if (keep_ == "all") return true;
  if (keep_ == "last") return !continued.contains(record.request.number);
  return keep_ == "front" && front.contains(record.request.number);
}

void Retention::delete_file(const fs::path& file) const {
  std::error_code error;
  fs::remove(run_folder_ / file, error);
  if (error) log(LogLevel::warning, "cannot delete " + (run_folder_ / file).string() + ": " + error.message());
}

void Retention::remove(store::TrialRecord& record) {
  for (const fs::path& file : checkpoint_files(run_folder_, record.checkpoint)) {
    delete_file(file);
  }
  store_.remove_artifacts(record.request.number, "checkpoint");
  record.checkpoint.clear();
}

void Retention::sweep(std::vector<store::TrialRecord>& records, const std::vector<int64_t>& front,
                      const std::function<bool(int64_t)>& needed) {
  if (keep_ == "all" || present_.empty()) return;
  const std::set<int64_t> on_front(front.begin(), front.end());
  std::set<int64_t> continued;
  for (const store::TrialRecord& record : records) {
    if (record.request.parent && record.state == TrialState::complete) continued.insert(*record.request.parent);
  }
  for (auto it = present_.begin(); it != present_.end();) {
    store::TrialRecord& record = records[static_cast<size_t>(*it)];
    if (kept(record, on_front, continued) || needed(*it)) {
      ++it;
      continue;
    }
    remove(record);
    it = present_.erase(it);
  }
}

}  // namespace dsnn::study
