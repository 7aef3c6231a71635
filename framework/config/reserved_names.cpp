#include "config/reserved_names.h"

#include <algorithm>

#include "store/run_names.h"

namespace dsnn::config {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string folded(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_reserved_name(std::string_view name) {
  constexpr std::string_view kSeed = "seed-", kOld = ".old-", kHalfWritten = ".tmp.";
  const std::string plain = folded(name);
  const std::string_view view = plain;
  const auto files = store::run_file_names();
  const auto is_taken = [&](std::string_view file) { return folded(file) == plain; };
  if (plain == "index.html" || std::any_of(files.begin(), files.end(), is_taken)) return true;
  if (view.starts_with(kSeed) && is_number(view.substr(kSeed.size()))) return true;
  const size_t old = view.rfind(kOld);
  if (old != std::string_view::npos && is_number(view.substr(old + kOld.size()))) return true;
  return view.find(kHalfWritten) != std::string_view::npos;
}

}  // namespace dsnn::config
