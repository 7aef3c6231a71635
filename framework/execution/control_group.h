#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace dsnn::execution {

/// Folders of the control groups this process is in that govern `controller` ("cpu", "memory"), of version 1 and of
/// version 2, each from the process' own group up to the topmost one that can be seen from here. A controller is bound
/// to one of the versions, so a reader takes the files that exist. `root` is "/" but in tests.
std::vector<std::filesystem::path> control_groups(std::string_view controller, const std::filesystem::path& root = "/");

/// Cores that the groups' CPU quotas leave: the smallest along the path; nullopt = no quota.
std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

/// The smallest memory limit along the path; nullopt = none.
std::optional<int64_t> memory_limit(const std::filesystem::path& root = "/");

/// How many processes the kernel has killed for want of memory in the innermost group that counts them; where no group
/// does (version 1 before Linux 4.13), how often their limits were hit. 0 where the kernel says neither.
int64_t out_of_memory_kills(const std::filesystem::path& root = "/");

}  // namespace dsnn::execution
