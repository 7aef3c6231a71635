#pragma once

#include <filesystem>
#include <string>

namespace dsnn::plugin {

/// The folder above the one this program lies in: the build folder, or the prefix it is installed in.
std::filesystem::path program_prefix();

/// The command line that builds the plugin in `file` for this very program.
std::string rebuild_line(const std::filesystem::path& file);

/// A word of a command line, quoted for a shell when needed.
std::string shell_word(const std::string& word);

/// `path` as people read it: relative when it lies below the current folder.
std::string shown(const std::filesystem::path& path);

}  // namespace dsnn::plugin
