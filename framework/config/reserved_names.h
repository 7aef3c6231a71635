#pragma once

#include <string>
#include <string_view>

namespace dsnn::config {

/// No study, cell or label takes such a name: a file system that ignores case would take it for a file of a run
/// (store/run_names.h) or of several ("index.html"), for the folder of a seed ("seed-3"), for a
/// folder that was moved aside ("small.old-3") or for a half-written file (".tmp." inside).
bool is_reserved_name(std::string_view name);

/// As a file system that ignores case sees a name of ASCII letters.
std::string folded(std::string_view name);

}  // namespace dsnn::config
