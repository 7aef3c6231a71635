#pragma once

#include <string>

#include "config/spec.h"

namespace dsnn::config {

/// The resolved experiment as a file that loads to the same study again: domains are written as `search:` where they
/// stand, parameters of several places under `parameters:`. With origins, every line ends in a comment that says where
/// its value comes from.
std::string write_yaml(const ExperimentSpec& spec, bool with_origins);

/// A scalar as YAML: plain when it reads back as itself, else quoted.
std::string yaml_scalar(const Value& value);

/// One domain: "{float: [0.001, 0.3], log: true, default: 0.01}".
std::string yaml_domain(const Parameter& parameter);

}  // namespace dsnn::config
