#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dsnn/kind.h"

namespace dsnn::config {

/// The sentence for a key of a later build, or nullopt. `path` is the key path without list indices and labels
/// ("backbone.weights"); `expect` and its like are never ignored, they are refused in these words.
std::optional<std::string> later_key(std::string_view path);

/// The same for a component type that the language names and this build lacks.
std::optional<std::string> later_component(Kind kind, std::string_view type);

/// The same for a metric.
std::optional<std::string> later_metric(std::string_view name);

}  // namespace dsnn::config
