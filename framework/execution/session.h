#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "execution/signals.h"
#include "plugin/catalog.h"
#include "study/loop.h"

namespace dsnn::execution {

/// How a study is run.
struct SessionOptions {
  std::filesystem::path out = "runs";  ///< the study's folder lies below
  const plugin::Catalog& catalog;
  std::vector<std::string> notes = {};  ///< lines for the log of the run
  std::string command;                  ///< as typed; goes into environment.json
  bool fresh = false;                   ///< an existing run is moved aside
  bool strict = false;                  ///< changed plugins are refused, not warned of
  StopSignals* stop = nullptr;
  study::LoopObserver* observer = nullptr;
  std::function<void(const std::string&)> say = {};  ///< one line for the person who waits
};

/// What came of it.
struct SessionResult {
  std::filesystem::path folder;
  study::LoopResult loop;
  std::vector<store::TrialRecord> records;
  double kwh = 0, kg = 0;
  std::string energy_label;  ///< measured, estimated, not measured
};

/// Runs or resumes one study in its folder <out>/<spec.folder()>: lock, store, provenance, workers, loop, files.
///
/// A study that ends by ConfigError or PluginError before any trial finished takes away what it made, and nothing else.
/// Throws ExitError 65 when the folder holds another study, runs of other seeds or cells, or files of an unknown run,
/// or lies in the folder of another run; 69 when the folder is removed or replaced meanwhile; 73 when it cannot be
/// made, 75 when it gave up waiting for another driver, and the errors of study::Loop.
SessionResult run_session(const config::ExperimentSpec& spec, const SessionOptions& options);

}  // namespace dsnn::execution
