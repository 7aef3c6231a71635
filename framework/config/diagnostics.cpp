#include "config/diagnostics.h"

#include <algorithm>
#include <fstream>
#include <tuple>

namespace dsnn::config {
namespace {

bool same(const Diagnostic& a, const Diagnostic& b) {
  return a.where.line == b.where.line && a.where.column == b.where.column && a.where.file == b.where.file &&
         a.message == b.message;
}

std::string counted(int n, const char* noun) { return std::to_string(n) + " " + noun + (n == 1 ? "" : "s"); }

}  // namespace

void Diagnostics::add(Diagnostic diagnostic) {
  // The cells of a matrix share most of their text: one mistake there is one message.
  if (std::any_of(all_.begin(), all_.end(), [&](const Diagnostic& d) { return same(d, diagnostic); })) return;
  if (diagnostic.severity == Severity::error) ++errors_;
  all_.push_back(std::move(diagnostic));
}

void Diagnostics::add(const ConfigError& error) {
  for (const Diagnostic& diagnostic : error.diagnostics()) add(diagnostic);
  exit_code_ = std::max(exit_code_, error.exit_code());
}

std::string Diagnostics::text() const {
  std::vector<std::string> files;
  const auto rank = [&](const Diagnostic& d) {
    return std::find(files.begin(), files.end(), d.where.file) - files.begin();
  };
  std::vector<const Diagnostic*> order;
  for (const Diagnostic& d : all_) {
    order.push_back(&d);
    if (rank(d) == static_cast<std::ptrdiff_t>(files.size())) files.push_back(d.where.file);
  }
  std::stable_sort(order.begin(), order.end(), [&](const Diagnostic* a, const Diagnostic* b) {
    return std::tuple(rank(*a), a->where.line, a->where.column) < std::tuple(rank(*b), b->where.line, b->where.column);
  });
  std::string out;
  for (const Diagnostic* d : order) out += format(*d);
  if (errors_ > 0)
    out += counted(errors_, "error") + " in " + counted(std::max(files_, 1), "file") + "; nothing was run.\n";
  return out;
}

void add_source_line(Diagnostic& d) {
  if (!d.source_line.empty() || d.where.line == 0) return;
  std::ifstream in(d.where.file);
  for (int line = 0; line < d.where.line; ++line) {
    if (!std::getline(in, d.source_line)) d.source_line.clear();
  }
  const size_t start = static_cast<size_t>(std::max(d.where.column, 1) - 1);
  const size_t end = std::min(d.source_line.find_first_of(" ,:]}\t\r", start), d.source_line.size());
  d.caret_length = static_cast<int>(std::max<size_t>(end, start + 1) - start);
}

}  // namespace dsnn::config
