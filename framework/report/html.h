#pragma once

#include <filesystem>

namespace dsnn::report {

/// Writes <run folder>/report.html from the store alone: one self-contained file that works offline. Also for a run
/// that is unfinished or was killed. Throws ExitError 69 (no store) or 74.
void write_html(const std::filesystem::path& run_folder);

}  // namespace dsnn::report
