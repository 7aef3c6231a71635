#include "batch.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>

#include "config/diagnostics.h"
#include "dsnn/error.h"
#include "energy/carbon_table.h"

namespace dsnn::cli {
namespace fs = std::filesystem;
namespace {

/// A file of a folder is an experiment when it has a name of its own; without one it is a base for others.
bool has_name(const fs::path& file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("name:")) return true;
  }
  return false;
}

std::vector<fs::path> experiments_in(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".yaml" || extension == ".yml") && has_name(entry.path()))
      out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
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
}

/// Quoted for a shell when needed.
std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                          "._-+=/,:@%") == std::string::npos;
  if (plain) return word;
  std::string out = "'";
  for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
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

std::string own_command_line() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::string out;
  for (std::string word; std::getline(in, word, '\0');) out += (out.empty() ? "" : " ") + shell_word(word);
  return out;
}

}  // namespace dsnn::cli
