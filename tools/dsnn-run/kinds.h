#pragma once

#include <string>

#include "dsnn/kind.h"
#include "plugin/catalog.h"

namespace dsnn::cli {

/// The kind a person means: "operator" or "operators". Throws ExitError 2 with did-you-mean.
Kind kind_of_word(const std::string& word);

/// The component, or ExitError 65 (77 when its file was refused) with did-you-mean and the folders searched.
const plugin::ComponentInfo& component_of(const plugin::Catalog& catalog, Kind kind, const std::string& name);

/// "build/plugins, build/lib", for messages.
std::string searched(const plugin::Catalog& catalog);

}  // namespace dsnn::cli
