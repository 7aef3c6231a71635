#include "table.h"

#include <algorithm>

#include "dsnn/text.h"

namespace dsnn::cli {
namespace {

size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string one_line(const std::string& cell) {
  std::string out;
  for (size_t i = 0; i < cell.size(); ++i) {
    if (cell[i] != '\n')
      out += cell[i];
    else if (i + 1 < cell.size())
      out += "; ";
  }
  return printable(out);
}

}  // namespace

std::string table(const std::vector<std::vector<std::string>>& cells, int indent) {
  std::vector<std::vector<std::string>> rows = cells;
  for (auto& row : rows) std::transform(row.begin(), row.end(), row.begin(), one_line);
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    if (row.size() > widths.size()) widths.resize(row.size());
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line(static_cast<size_t>(indent), ' ');
    for (size_t i = 0; i < row.size(); ++i) {
      if (widths[i] > 0) line += row[i] + std::string(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace dsnn::cli
