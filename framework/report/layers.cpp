#include "report/layers.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "store/csv.h"

namespace dsnn::report {
namespace {

/// Names stay text, also where they look like a number.
Value cell_value(const std::string& column, const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (column == "layer" || column == "type" || text.empty() || *end != '\0') return Value(text);
  if (std::abs(number) < 0x1p53 && number == std::trunc(number)) return Value(static_cast<int64_t>(number));
  return Value(number);
}

}  // namespace

Value read_layers(const std::filesystem::path& file) {
  Value out = Value::list();
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const std::vector<std::vector<std::string>> rows = store::parse_csv(text);
  for (size_t r = 1; r < rows.size(); ++r) {
    if (rows[r].size() != rows[0].size()) continue;
    Value row = Value::map();
    for (size_t i = 0; i < rows[r].size(); ++i) row.set(rows[0][i], cell_value(rows[0][i], rows[r][i]));
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace dsnn::report
