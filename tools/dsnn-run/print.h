#pragma once

#include <string_view>

namespace dsnn::cli {

/// Writes text for people to standard output. Names and messages in it come from files, plugins and stores: whatever
/// would steer a terminal is shown as an escape. (What other programs read - export, schema, init - is written as is.)
void print(std::string_view text);

}  // namespace dsnn::cli
