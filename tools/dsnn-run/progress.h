#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "config/spec.h"
#include "study/loop.h"
#include "study/study.h"

namespace dsnn::cli {

/// Tells a person how a study goes: a live line on a terminal, elsewhere one line per event and a status line at most
/// every 30 seconds. Everything goes to stderr.
class Progress : public study::LoopObserver {
 public:
  Progress(const config::ExperimentSpec& spec, bool quiet);
  ~Progress() override;
  Progress(const Progress&) = delete;

  void resumed(int64_t finished, int64_t unfinished) override;
  void started(const TrialRequest& request, int attempt) override;
  void finished(const store::TrialRecord& record) override;
  void warning(std::string_view text) override;
  void status(const study::LoopStatus& status, const std::vector<store::TrialRecord>& records) override;

 private:
  void erase();
  void draw();
  std::string line_of(const study::LoopStatus& status, const std::vector<store::TrialRecord>& records) const;

  const config::ExperimentSpec& spec_;
  bool live_ = false, quiet_ = false, drawn_ = false;
  std::string line_;
  std::chrono::steady_clock::time_point last_status_;
  int64_t last_finished_ = -1;
  study::FrontRule rule_;
  double hypervolume_ = 0;
};

/// "12 s", "3 min 20 s", "2 h 5 min".
std::string duration_text(double seconds);
/// Four significant digits.
std::string short_number(double value);

}  // namespace dsnn::cli
