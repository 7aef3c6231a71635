#include "batch.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>

#include "config/diagnostics.h"
#include "config/document.h"
#include "config/experiment_file.h"
#include "dsnn/error.h"
#include "energy/carbon_table.h"
#include "plugin/program.h"

namespace dsnn::cli {
namespace fs = std::filesystem;
namespace {

/// Why a file of a folder is not run, or "" when it is. A file with a name of its own is an experiment; so is one that
/// cannot be read: loading it says what is wrong.
std::string reason_to_skip(const fs::path& file) {
  config::Sources sources;
  try {
    const config::Node tree = config::parse_document(config::read_experiment_file(file),
                                                     {.name = file.string(), .folder = {}, .lines = {}}, sources);
    const config::Node* name = tree.find("name");
    if (name != nullptr && !name->is_null()) return "";
    return tree.find("schema") == nullptr ? "it has neither 'schema' nor 'name', so it is no experiment"
                                          : "it has no 'name', so it is a base for others";
  } catch (const ConfigError&) {
    return "";
  }
}

std::vector<fs::path> experiments_in(const fs::path& folder) {
  std::vector<fs::path> files, out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".yaml" || extension == ".yml")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const std::string reason = reason_to_skip(file);
    if (reason.empty())
      out.push_back(file);
    else
      std::fprintf(stderr, "%s: note: skipped: %s\n", file.c_str(), reason.c_str());
  }
  if (out.empty()) throw ExitError(65, "no experiment file (*.yaml with a name) in the folder " + folder.string());
  return out;
}

bool selected(const config::ExperimentSpec& spec, const std::string& pattern) {
  const std::string folder = spec.folder().generic_string();
  if (pattern.empty() || ::fnmatch(pattern.c_str(), folder.c_str(), 0) == 0) return true;
  return ::fnmatch(pattern.c_str(), spec.cell.c_str(), 0) == 0;
}

void refuse_shared_folders(const std::vector<config::ExperimentSpec>& specs) {
  std::set<std::string> seen;
  for (const config::ExperimentSpec& spec : specs) {
    const std::string folder = spec.folder().generic_string();
    if (!seen.insert(folder).second) {
      throw ExitError(65, "two studies of this batch would share the run folder '" + folder + "' (" +
                              spec.source.string() + " is one of them); give them different names");
    }
  }
  for (const config::ExperimentSpec& spec : specs) {
    for (fs::path above = spec.folder().parent_path(); !above.empty(); above = above.parent_path()) {
      if (!seen.contains(above.generic_string())) continue;
      throw ExitError(65, "the run folder '" + spec.folder().generic_string() + "' (" + spec.source.string() +
                              ") would lie in '" + above.generic_string() +
                              "', the folder of another study of this batch; give them different names");
    }
  }
}

}  // namespace

std::vector<fs::path> experiment_files(const std::vector<std::string>& arguments) {
  std::vector<fs::path> out;
  for (const std::string& argument : arguments) {
    if (argument != "-" && fs::is_directory(argument)) {
      const std::vector<fs::path> found = experiments_in(argument);
      out.insert(out.end(), found.begin(), found.end());
    } else {
      out.emplace_back(argument);
    }
  }
  return out;
}

std::vector<config::ExperimentSpec> load_checked(const fs::path& file, const std::vector<std::string>& sets,
                                                 const plugin::Catalog& catalog, config::Diagnostics& diagnostics) {
  std::vector<config::ExperimentSpec> specs = config::load(file, {.sets = sets}, catalog, diagnostics);
  for (const config::ExperimentSpec& spec : specs) {
    try {
      energy::intensity_of(spec.grid);
    } catch (const ConfigError& e) {
      Diagnostic found = e.diagnostics().front();
      const auto written = spec.origins.find("meters.country");
      if (written != spec.origins.end()) found.where = written->second;
      diagnostics.add(std::move(found));
      diagnostics.count_file();
      return {};
    }
  }
  return specs;
}

Batch load_batch(const BatchOptions& options, const plugin::Catalog& catalog) {
  config::Diagnostics diagnostics;
  Batch out;
  for (const fs::path& file : experiment_files(options.files)) {
    for (config::ExperimentSpec& spec : load_checked(file, options.sets, catalog, diagnostics)) {
      out.specs.push_back(std::move(spec));
    }
  }
  if (!diagnostics.all().empty()) std::fputs(diagnostics.text().c_str(), stderr);
  if (diagnostics.has_errors()) {
    out.specs.clear();
    out.exit_code = diagnostics.exit_code();
    return out;
  }
  std::erase_if(out.specs, [&](const auto& spec) { return !selected(spec, options.only); });
  if (out.specs.empty())
    throw ExitError(65, "no run matches --only '" + options.only + "'; dsnn-run plan FILE lists the cells");
  refuse_shared_folders(out.specs);
  return out;
}

std::string own_command_line(const std::string& without) {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::string out;
  for (std::string word; std::getline(in, word, '\0');) {
    if (out.empty() || word != without) out += (out.empty() ? "" : " ") + plugin::shell_word(word);
  }
  return out;
}

}  // namespace dsnn::cli
