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
  return judge(parent, "its folder " + folder.string(), folder.string());
}

}  // namespace dsnn::plugin
