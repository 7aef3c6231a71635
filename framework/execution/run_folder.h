#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "config/spec.h"
#include "plugin/catalog.h"
#include "store/store.h"

namespace dsnn::execution {

/// Makes the folder of a run and its sub-folders. Throws ExitError 73 when that cannot be done or nothing can be
/// written there.
void make_run_folder(const std::filesystem::path& folder);

/// Moves the files of an existing run aside, to <folder>.old-1, .old-2, ...; whatever else lies in its folder stays.
/// The caller holds the run's lock. Returns the new place. Throws ExitError 73.
std::filesystem::path move_aside(const std::filesystem::path& folder);

/// The experiment's file and its parents, each with its place in source/: they lie there as they lie to each other, so
/// that `extends` of a copy finds the copy of its parent. Other relative paths in them, as `root`, still mean the
/// original places; experiment.yaml has those in full and is what to run elsewhere.
std::vector<std::pair<std::filesystem::path, std::filesystem::path>> source_files(const config::ExperimentSpec& spec);

/// experiment.yaml (resolved), source/ (the file and its parents), environment.json, CITATION.bib.
void write_provenance(const std::filesystem::path& folder, const config::ExperimentSpec& spec,
                      const plugin::Catalog& catalog, const std::string& command);

/// One row for every plugin file that a component of this study can come from.
std::vector<store::PluginRecord> plugin_records(const config::ExperimentSpec& spec, const plugin::Catalog& catalog);

/// What a trial table needs to be reproduced here: program, build, plugins, machine.
Value environment(const config::ExperimentSpec& spec, const plugin::Catalog& catalog, const std::string& command);

/// models/best and models/knee: copies of the checkpoints of those front members that still have one.
void copy_models(const std::filesystem::path& folder, const config::ExperimentSpec& spec,
                 const std::vector<store::TrialRecord>& records, const std::vector<int64_t>& front);

}  // namespace dsnn::execution
