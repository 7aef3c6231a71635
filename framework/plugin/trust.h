#pragma once

#include <filesystem>
#include <string>

namespace dsnn::plugin {

/// Why the open plugin file `fd` at `path` must not be loaded, as the rest of a sentence that starts with the file's
/// name; "" = trusted. A plugin runs with all rights of the user, so neither the file nor the folder it lies in may be
/// writable by everyone or belong to another user than this one or root, and no folder above may be writable by
/// everyone (but for sticky ones). What passes can only be exchanged by this user or root before it is opened by its
/// path; opened through the descriptor it would lose the folder that its own libraries are found from.
std::string distrust(int fd, const std::filesystem::path& path);

}  // namespace dsnn::plugin
