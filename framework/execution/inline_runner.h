#pragma once

#include <filesystem>
#include <optional>

#include "config/spec.h"
#include "execution/signals.h"
#include "execution/trial_executor.h"
#include "study/trial_runner.h"

namespace dsnn::execution {

/// Runs trials in the driver itself, one at a time, for debugging: `execution.isolation: inline`. A crash of a plugin
/// ends the program; the store stays intact and the study resumes.
class InlineRunner : public study::TrialRunner {
 public:
  InlineRunner(const config::ExperimentSpec& spec, const plugin::Catalog& catalog, std::filesystem::path run_folder,
               StopSignals* stop);

  bool has_idle() const override { return !trial_; }
  std::optional<study::WorkerSlot> idle_worker() override;
  void start(const study::Assignment& assignment) override { trial_ = assignment; }
  study::RunnerEvents wait(double max_seconds) override;
  int stop_requests() const override { return stop_requests_; }
  void cancel() override {}
  void kill() override { trial_.reset(); }

 private:
  bool stopped();

  TrialExecutor executor_;
  StopSignals* stop_;
  std::optional<study::Assignment> trial_;
  int stop_requests_ = 0;
};

}  // namespace dsnn::execution
