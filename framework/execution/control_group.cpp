#include "execution/control_group.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace dsnn::execution {
namespace fs = std::filesystem;
namespace {

/// Where a hierarchy is mounted, and which of its groups is seen there as the topmost.
struct Mount {
  fs::path folder;
  std::string top;
  bool unified = false;
};

bool has_word(const std::string& list, std::string_view word) {
  std::istringstream words(list);
  for (std::string one; std::getline(words, one, ',');) {
    if (one == word) return true;
  }
  return false;
}

/// The kernel writes blanks and backslashes of a path as \040.
std::string unescaped(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
    i += 3;
  }
  return out;
}

/// Mounts of the hierarchies that may hold the controller: "36 35 0:31 /top /folder rw ... - cgroup name rw,cpu".
std::vector<Mount> mounts(std::string_view controller, const fs::path& root) {
  std::vector<Mount> out;
  std::ifstream file(root / "proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream place(line), kind(line.substr(dash + 3));
    std::string id, parent, device, top, folder, type, source, options;
    place >> id >> parent >> device >> top >> folder;
    kind >> type >> source >> options;
    const bool unified = type == "cgroup2";
    if (!unified && (type != "cgroup" || !has_word(options, controller))) continue;
    out.push_back({root / fs::path(unescaped(folder)).relative_path(), unescaped(top), unified});
  }
  return out;
}

/// The group of this process: "4:memory:/a/b" of version 1, "0::/a/b" of version 2; "" when it is in none.
std::string own_group(std::string_view controller, bool unified, const fs::path& root) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (unified ? controllers.empty() : has_word(controllers, controller)) return line.substr(second + 1);
  }
  return "";
}

std::optional<int64_t> first_number(const fs::path& file) {
  std::ifstream in(file);
  int64_t number = 0;
  if (in >> number) return number;
  return std::nullopt;
}

/// The number behind a word: "oom_kill 3".
std::optional<int64_t> number_of(const fs::path& file, std::string_view wanted) {
  std::ifstream in(file);
  std::string word;
  int64_t number = 0;
  while (in >> word >> number) {
    if (word == wanted) return number;
  }
  return std::nullopt;
}

std::optional<double> quota_of(const fs::path& group) {
  double quota = 0, period = 0;
  if (std::ifstream unified(group / "cpu.max"); unified >> quota >> period && period > 0) return quota / period;
  const std::optional<int64_t> wide = first_number(group / "cpu.cfs_quota_us");
  const std::optional<int64_t> long_period = first_number(group / "cpu.cfs_period_us");
  if (!wide || *wide <= 0 || !long_period || *long_period <= 0) return std::nullopt;
  return static_cast<double>(*wide) / static_cast<double>(*long_period);
}

template <class T>
void lower(std::optional<T>& smallest, const std::optional<T>& other) {
  if (other && (!smallest || *other < *smallest)) smallest = other;
}

}  // namespace

std::vector<fs::path> control_groups(std::string_view controller, const fs::path& root) {
  std::vector<fs::path> out;
  for (const Mount& mount : mounts(controller, root)) {
    const std::string group = own_group(controller, mount.unified, root);
    const std::string top = mount.top == "/" ? "" : mount.top;
    // A group outside of what is mounted: a container without a name space of its own sees its own group as the
    // topmost.
    const bool below = group.starts_with(top + "/") && group.find("/..") == std::string::npos;
    fs::path inner = below ? fs::path(group.substr(top.size())).relative_path() : fs::path();
    while (!inner.empty()) {
      out.push_back(mount.folder / inner);
      inner = inner.parent_path();
    }
    out.push_back(mount.folder);
  }
  return out;
}

std::optional<double> cpu_quota(const fs::path& root) {
  std::optional<double> smallest;
  for (const fs::path& group : control_groups("cpu", root)) lower(smallest, quota_of(group));
  return smallest;
}

std::optional<int64_t> memory_limit(const fs::path& root) {
  constexpr int64_t kNone = int64_t{1} << 60;  // version 1 writes a huge number where there is no limit
  std::optional<int64_t> smallest;
  for (const fs::path& group : control_groups("memory", root)) {
    lower(smallest, first_number(group / "memory.max"));
    lower(smallest, first_number(group / "memory.limit_in_bytes"));
  }
  return smallest && *smallest < kNone ? smallest : std::nullopt;
}

int64_t out_of_memory_kills(const fs::path& root) {
  int64_t times_at_limit = 0;
  for (const fs::path& group : control_groups("memory", root)) {
    for (const char* file : {"memory.events", "memory.oom_control"}) {
      if (const std::optional<int64_t> kills = number_of(group / file, "oom_kill")) return *kills;
    }
    times_at_limit += first_number(group / "memory.failcnt").value_or(0);
  }
  return times_at_limit;
}

}  // namespace dsnn::execution
