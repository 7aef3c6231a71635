#include "execution/log_tail.h"

#include <cstring>
#include <deque>
#include <fstream>

#include "execution/crash_report.h"

namespace dsnn::execution {
namespace {

constexpr std::streamoff kTailBytes = 8192;
constexpr size_t kLines = 3;
constexpr size_t kLineLength = 200;

std::string printable(std::string line) {
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (line.size() > kLineLength) line.resize(kLineLength);
  return line;
}

}  // namespace

LogTail log_tail(const std::filesystem::path& file) {
  LogTail out;
  std::ifstream in(file, std::ios::binary);
  if (!in) return out;
  in.seekg(0, std::ios::end);
  const std::streamoff size = in.tellg();
  in.seekg(size > kTailBytes ? size - kTailBytes : 0);
  std::deque<std::string> last;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kCrashPrefix)) {
      out.crash = printable(line.substr(std::strlen(kCrashPrefix)));
    } else if (!line.empty()) {
      last.push_back(printable(line));
      if (last.size() > kLines) last.pop_front();
    }
  }
  for (const std::string& line : last) out.lines += (out.lines.empty() ? "" : " | ") + line;
  return out;
}

}  // namespace dsnn::execution
