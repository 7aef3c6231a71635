#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/spec.h"
#include "plugin/catalog.h"

namespace dsnn::cli {

/// What `run` was asked for.
struct BatchOptions {
  std::vector<std::string> files;  ///< experiment files and folders of them
  std::vector<std::string> sets;
  std::string only;  ///< glob over run folders; "" = all
};

/// Every study of every file of a batch.
struct Batch {
  std::vector<config::ExperimentSpec> specs;
  int exit_code = 0;  ///< not 0: the messages were printed and nothing may run
};
/// The experiment files among the arguments: a folder stands for all its *.yaml with a name; which others it skips, and
/// why, goes to stderr. Throws ExitError 65 when a folder has none.
std::vector<std::filesystem::path> experiment_files(const std::vector<std::string>& arguments);

/// Loads one file; adds to what config::load checks what lies above it: that the carbon table has the country.
std::vector<config::ExperimentSpec> load_checked(const std::filesystem::path& file,
                                                 const std::vector<std::string>& sets, const plugin::Catalog& catalog,
                                                 config::Diagnostics& diagnostics);

/// Reads and checks all files; every message goes to stderr. Throws ExitError 65 when nothing is left to run or two
/// studies share a folder.
Batch load_batch(const BatchOptions& options, const plugin::Catalog& catalog);

/// This process's command line, quoted for a shell, less the words that are `without`.
std::string own_command_line(const std::string& without = "");

}  // namespace dsnn::cli
