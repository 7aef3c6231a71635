#include "batch_check.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>

#include "config/diagnostics.h"
#include "execution/check.h"

namespace dsnn::cli {
namespace fs = std::filesystem;
namespace {

constexpr size_t kNamedCells = 3;

/// What the repetitions of one cell have in common.
std::string cell_of(const config::ExperimentSpec& spec) { return (fs::path(spec.name) / spec.cell).generic_string(); }

/// One mistake and the cells that make it.
struct Mistake {
  Diagnostic diagnostic;
  std::string name;  ///< of the experiment
  std::vector<std::string> cells;
};

class Mistakes {
 public:
  void add(const config::ExperimentSpec& spec, const std::vector<Diagnostic>& errors) {
    ++cells_[spec.name];
    for (const Diagnostic& error : errors) {
      const std::string key = spec.name + "\n" + to_string(error.where) + "\n" + error.message;
      const auto [at, is_new] = index_.emplace(key, all_.size());
      if (is_new) all_.push_back({.diagnostic = error, .name = spec.name, .cells = {}});
      all_[at->second].cells.push_back(spec.cell);
    }
    if (!errors.empty()) files_.insert(spec.source);
  }

  int print() const {
    config::Diagnostics diagnostics;
    for (const Mistake& mistake : all_) {
      Diagnostic shown = mistake.diagnostic;
      if (mistake.cells.size() < cells_.at(mistake.name)) shown.message += " (" + named(mistake.cells) + ")";
      config::add_source_line(shown);
      diagnostics.add(std::move(shown));
    }
    for (size_t i = 0; i < files_.size(); ++i) diagnostics.count_file();
    if (!diagnostics.has_errors()) return 0;
    std::fputs(diagnostics.text().c_str(), stderr);
    return diagnostics.exit_code();
  }

 private:
  static std::string named(const std::vector<std::string>& cells) {
    std::string out = cells.size() == 1 ? "cell " : "cells ";
    for (size_t i = 0; i < std::min(cells.size(), kNamedCells); ++i) out += (i > 0 ? ", " : "") + cells[i];
    if (cells.size() > kNamedCells) out += " and " + std::to_string(cells.size() - kNamedCells) + " more";
    return out;
  }

  std::map<std::string, size_t> cells_, index_;
  std::vector<Mistake> all_;
  std::set<fs::path> files_;
};

}  // namespace

BatchCheck check_batch(const std::vector<config::ExperimentSpec>& specs, const fs::path& out, bool fresh,
                       const plugin::Catalog& catalog, execution::StopSignals& stop) {
  std::map<std::string, size_t> number;
  std::vector<const config::ExperimentSpec*> asked;
  for (const config::ExperimentSpec& spec : specs) {
    if (!fresh && fs::exists(out / spec.folder() / "study.sqlite")) continue;
    if (number.emplace(cell_of(spec), asked.size()).second) asked.push_back(&spec);
  }
  BatchCheck result;
  result.notes.resize(specs.size());
  if (asked.empty()) return result;
  const std::vector<Findings> findings = execution::check(asked, catalog.folders(), &stop);
  Mistakes mistakes;
  for (size_t i = 0; i < asked.size(); ++i) mistakes.add(*asked[i], findings[i].errors);
  result.exit_code = mistakes.print();
  for (size_t i = 0; i < specs.size(); ++i) {
    const auto found = number.find(cell_of(specs[i]));
    if (found != number.end()) result.notes[i] = findings[found->second].notes;
  }
  return result;
}

}  // namespace dsnn::cli
