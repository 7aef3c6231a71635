#pragma once

#include <memory>
#include <string_view>

#include "plugin/catalog.h"

namespace dsnn::plugin {

/// The ELF section that holds a plugin's manifest.
inline constexpr std::string_view kManifestSection = ".dsnn_manifest";

/// The manifest as data. Throws std::invalid_argument with the rest of a sentence that starts with the file's name.
Value parse_manifest(std::string_view text);

/// Fills what the manifest of `file` offers, as far as it can be read; never throws for its content.
void read_offers(const Value& manifest, PluginFile& file);

/// Fills name, version, licence and build info of `file` from the JSON of a manifest. Throws as parse_manifest().
void read_identity(const Value& manifest, PluginFile& file);

/// Fills the components of `file`, schemas checked field by field. Throws as parse_manifest().
void read_components(const Value& manifest, PluginFile& file);

}  // namespace dsnn::plugin
