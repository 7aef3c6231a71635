#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dsnn::store {

/// The rows of RFC 4180 text, as csv_row() writes it.
std::vector<std::vector<std::string>> parse_csv(std::string_view text);

/// One row of RFC 4180 with '\n' at its end: cells with a comma, quote or line break are quoted.
std::string csv_row(const std::vector<std::string>& cells);
/// The same for tables that people open in a spreadsheet: a text that such a program would run as a formula (it begins
/// with = + - @, a tab or a carriage return) gets an apostrophe before it. Numbers stay numbers.
std::string csv_row_for_people(const std::vector<std::string>& cells);
/// 17 significant digits, so it reads back exactly; "nan", "inf", "-inf".
std::string number_text(double v);

}  // namespace dsnn::store
