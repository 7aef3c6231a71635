#include "print.h"

#include <iostream>

#include "dsnn/text.h"

namespace dsnn::cli {

void print(std::string_view text) { std::cout << printable_lines(text) << std::flush; }

}  // namespace dsnn::cli
