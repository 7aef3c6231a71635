#pragma once

#include "dsnn/value.h"
#include "plugin/catalog.h"

namespace dsnn::config {

/// The experiment language as a JSON Schema (draft-07) for editors: the framework's sections and every component of the
/// catalog, in a fixed order. It accepts what validation accepts in form; what relates several keys is left to it.
Value json_schema(const plugin::Catalog& catalog);

}  // namespace dsnn::config
