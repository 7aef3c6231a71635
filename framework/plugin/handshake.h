#pragma once

#include <string>

#include "plugin/catalog.h"

namespace dsnn::plugin {

/// All ways in which a file built as `theirs` cannot work with a program built as `ours`, as the rest of one sentence
/// that starts with the file's name; "" = they fit.
std::string mismatch(const BuildInfo& theirs, const BuildInfo& ours);

}  // namespace dsnn::plugin
