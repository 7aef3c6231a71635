#pragma once

#include <filesystem>
#include <string>

#include "dsnn/value.h"

namespace dsnn::report {

/// One self-contained HTML page: fixed text, one JSON blob and the script that draws it.
struct Page {
  enum class Kind { report, index };
  Kind kind = Kind::report;
  std::string title;
  Value data;
};

/// Writes it. No string of `data` is ever parsed as HTML; the content security policy allows no request and no script
/// but ours. Throws ExitError 74.
void write_page(const std::filesystem::path& file, const Page& page);

/// Whether write_page() made the file.
bool is_own_page(const std::filesystem::path& file);

}  // namespace dsnn::report
