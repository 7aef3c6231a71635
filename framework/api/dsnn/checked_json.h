#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dsnn/value.h"

/// Reading JSON that anyone may have written, or a disk may have damaged: every access is checked. All functions throw
/// std::invalid_argument in one sentence that names the key.
namespace dsnn::checked {

/// Says that `key` is not what was `expected`: "a number".
[[noreturn]] void bad(std::string_view key, std::string_view expected);

const Value& member(const Value& map, std::string_view key);
int64_t integer(const Value& map, std::string_view key);
double number(const Value& map, std::string_view key);
/// The same; also the words for those numbers that JSON lacks.
double any_number(const Value& map, std::string_view key);
/// The value itself as such a number; `key` names it.
double number_or_word(const Value& value, std::string_view key);
bool flag(const Value& map, std::string_view key);
const std::string& text(const Value& map, std::string_view key);
const Value::List& list(const Value& map, std::string_view key);
/// The member as a map.
const Value& map(const Value& map, std::string_view key);

}  // namespace dsnn::checked
