#include "plugin/trust.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dsnn::plugin {
namespace {

std::string judge(const struct stat& info, const std::string& what, const std::string& path) {
  if ((info.st_mode & S_IWOTH) != 0) {
    return "is refused: " + what + " can be written by everyone; mend it with: chmod o-w " + path;
  }
  if (info.st_uid != 0 && info.st_uid != geteuid()) {
    return "is refused: " + what + " belongs to user " + std::to_string(info.st_uid) + ", neither to you (user " +
           std::to_string(geteuid()) + ") nor to root; make a copy of your own";
  }
  return "";
}

/// Who may rename a folder above can put another in its place. A sticky folder, like /tmp, forbids that.
std::string judge_above(const std::filesystem::path& written) {
  std::error_code failed;
  std::filesystem::path folder = std::filesystem::canonical(written, failed);
  while (folder.has_relative_path()) {
    folder = folder.parent_path();
    struct stat info {};
    if (stat(folder.c_str(), &info) != 0 || (info.st_mode & S_IWOTH) == 0 || (info.st_mode & S_ISVTX) != 0) continue;
    return "is refused: the folder " + folder.string() +
           " above it can be written by everyone; mend it with: chmod o-w " + folder.string();
  }
  return "";
}

}  // namespace

std::string distrust(int fd, const std::filesystem::path& path) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return std::string("is refused: it cannot be examined: ") + std::strerror(errno);
  if (!S_ISREG(file.st_mode)) return "is refused: it is no regular file";
  if (std::string why = judge(file, "the file", path.string()); !why.empty()) return why;

  const std::filesystem::path folder = path.parent_path();
  struct stat parent {};
  if (stat(folder.c_str(), &parent) != 0)
    return "is refused: its folder cannot be examined: " + std::string(std::strerror(errno));
  if (std::string why = judge(parent, "its folder " + folder.string(), folder.string()); !why.empty()) return why;
  return judge_above(folder);
}

}  // namespace dsnn::plugin
