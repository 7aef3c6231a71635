#include "config/experiment_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "config/document.h"
#include "dsnn/error.h"

namespace dsnn::config {

std::string read_experiment_file(const std::filesystem::path& file) {
  const bool from_stdin = file == "-";
  const SourceLocation where{.file = from_stdin ? "<stdin>" : file.string()};
  std::error_code failure;
  if (!from_stdin && std::filesystem::is_directory(file, failure)) {
    throw ConfigError(where, "this is a folder, expected an experiment file");
  }
  std::ifstream opened;
  errno = 0;
  if (!from_stdin) opened.open(file, std::ios::binary);
  if (!from_stdin && !opened) {
    throw ConfigError(where, std::string("cannot read this file: ") + std::strerror(errno == 0 ? EIO : errno),
                      "check the path");
  }
  std::istream& in = from_stdin ? std::cin : opened;
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

}  // namespace dsnn::config
