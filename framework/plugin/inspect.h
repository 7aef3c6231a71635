#pragma once

#include <filesystem>
#include <memory>

#include "plugin/catalog.h"

namespace dsnn::plugin {

/// Reads one plugin file without opening it as a library. Checks in this order: trust of file and folder, manifest,
/// build info, schemas. What is wrong is in `problem`, with no components; nothing is thrown.
std::unique_ptr<PluginFile> inspect(const std::filesystem::path& path);

}  // namespace dsnn::plugin
