#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "verb.h"

namespace dsnn::cli {

/// A verb of product.md that this build does not have yet.
struct LaterVerb {
  std::string_view name, summary;
};

/// Every verb of this program, in the order of the help.
std::vector<std::unique_ptr<Verb>> make_verbs();
std::span<const LaterVerb> later_verbs();

/// The options every verb takes, for help and completion.
boost::program_options::options_description global_options();

}  // namespace dsnn::cli
