#pragma once

#include <array>
#include <string>
#include <string_view>

namespace dsnn::config {

/// What the program keeps in the folder of a run, and in the folder of several runs. No study, cell or label takes one
/// of these names; whoever writes another file there adds it here (a test compares this list with the folder of a real
/// run).
inline constexpr std::array<std::string_view, 19> kRunFiles = {
    "experiment.yaml",      "source",     "environment.json", "study.sqlite", "study.sqlite-wal", "study.sqlite-shm",
    "study.sqlite-journal", "lock",       "events.jsonl",     "log.txt",      "trials",           "models",
    "pareto.csv",           "trials.csv", "emissions.csv",    "energy.csv",   "report.html",      "index.html",
    "CITATION.bib"};

/// True when a file system that ignores case takes `name` for one of these, for the folder of a seed ("seed-3"), for a
/// folder that was moved aside ("small.old-3") or for a half-written file (".tmp." inside).
bool is_reserved_name(std::string_view name);

/// As a file system that ignores case sees a name of ASCII letters.
std::string folded(std::string_view name);

}  // namespace dsnn::config
