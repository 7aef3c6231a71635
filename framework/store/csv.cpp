#include "store/csv.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace dsnn::store {
namespace {

bool is_number(const std::string& text) {
  if (text.find_first_of(" \t\r\n") != std::string::npos) return false;
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return end == text.c_str() + text.size();
}

}  // namespace

std::string csv_row(const std::vector<std::string>& cells) {
  std::string out;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    if (cells[i].find_first_of(",\"\r\n") == std::string::npos) {
      out += cells[i];
      continue;
    }
    out += '"';
    for (const char c : cells[i]) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  return out + '\n';
}

std::string csv_row_for_people(const std::vector<std::string>& cells) {
  std::vector<std::string> safe = cells;
  for (std::string& cell : safe) {
    if (!cell.empty() && std::strchr("=+-@\t\r", cell.front()) != nullptr && !is_number(cell)) cell.insert(0, 1, '\'');
  }
  return csv_row(safe);
}

std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  bool in_row = false, in_quotes = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!in_row) rows.push_back({""});
    in_row = true;
    std::string& cell = rows.back().back();
    if (c == '"' && in_quotes && i + 1 < text.size() && text[i + 1] == '"') {
      cell += text[++i];
    } else if (c == '"') {
      in_quotes = !in_quotes;
    } else if (in_quotes || (c != ',' && c != '\n' && c != '\r')) {
      cell += c;
    } else if (c == ',') {
      rows.back().emplace_back();
    } else if (c == '\n') {
      in_row = false;
    }
  }
  return rows;
}

std::string number_text(double v) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", v);
  return text;
}

}  // namespace dsnn::store
