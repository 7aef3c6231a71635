#include "report/layers.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace dsnn::report {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  return cells;
}

Value cell_value(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') return Value(text);
  if (number == static_cast<double>(static_cast<int64_t>(number))) return Value(static_cast<int64_t>(number));
  return Value(number);
}

}  // namespace

Value read_layers(const std::filesystem::path& file) {
  Value rows = Value::list();
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line)) return rows;
  const std::vector<std::string> header = split(line);
  while (std::getline(stream, line)) {
    const std::vector<std::string> cells = split(line);
    if (cells.size() != header.size()) continue;
    Value row = Value::map();
    for (size_t i = 0; i < header.size(); ++i) row.set(header[i], cell_value(cells[i]));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace dsnn::report
