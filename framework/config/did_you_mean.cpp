#include "config/did_you_mean.h"

#include <algorithm>
#include <vector>

namespace dsnn::config {
namespace {

constexpr size_t kMaxListed = 8;

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1 each.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(previous);
    previous.swap(row);
  }
  return previous[b.size()];
}

}  // namespace

std::optional<std::string> did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  if (word.size() > 100) return std::nullopt;
  const size_t limit = 1 + word.size() / 5;
  size_t best = limit + 1;
  std::optional<std::string> out;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + limit || word.size() > candidate.size() + limit) continue;
    const size_t d = distance(word, candidate);
    if (d < best && d < std::max(word.size(), candidate.size())) {
      best = d;
      out = candidate;
    }
  }
  return out;
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  if (const auto nearest = did_you_mean(word, candidates)) return "did you mean '" + *nearest + "'?";
  if (candidates.empty() || candidates.size() > kMaxListed) return "";
  std::string out = candidates.size() == 1 ? "the only one is " : "one of ";
  for (size_t i = 0; i < candidates.size(); ++i) out += (i == 0 ? "" : ", ") + candidates[i];
  return out;
}

}  // namespace dsnn::config
