#pragma once

#include <string>
#include <string_view>

namespace dsnn::plugin {

/// The bytes of one named section of a 64-bit ELF shared library for this machine.
///
/// Trusts nothing in the file: every offset and size is checked against the file's size before it is read, and a
/// section larger than 4 MiB is refused. Throws std::invalid_argument with the rest of a sentence that starts with the
/// file's name ("is cut short: ..."). `fd` is open for reading; its offset is left alone.
std::string read_elf_section(int fd, std::string_view name);

}  // namespace dsnn::plugin
