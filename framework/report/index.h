#pragma once

#include <filesystem>
#include <vector>

#include "dsnn/value.h"

namespace dsnn::report {

/// Everything index.html shows: for each experiment among `runs` (folders below `folder`, each with its store) the
/// tables of its matrix and the list of its runs. Tables follow `report.table`; without one the first axis gives the
/// rows, the second the columns and every objective (else the error) a table. A cell holds mean, sd and n over the
/// seeds and, where a run gave no value, why.
Value index_data(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& runs);

/// Writes <folder>/index.html: one self-contained file, its cells linked to the reports of their runs. Throws ExitError
/// 69 (a store that cannot be read), 73 (an index.html that is not ours) or 74.
void write_index(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& runs);

}  // namespace dsnn::report
