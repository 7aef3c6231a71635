#pragma once

#include <string>

#include "dsnn/value.h"

/// Members of a map that somebody else wrote, checked: std::invalid_argument instead of an abort.
namespace dsnn::store {

const Value& member(const Value& map, const char* key);
int64_t integer_member(const Value& map, const char* key);
double number_member(const Value& map, const char* key);  ///< "nan", "inf", "-inf" too
std::string text_member(const Value& map, const char* key);
const Value::List& list_member(const Value& map, const char* key);

/// `value` of the member `key` as a number.
double number_from(const Value& value, const char* key);
/// Says that `key` is missing or not `expected`, as "a number".
[[noreturn]] void bad_member(const std::string& key, const char* expected);

}  // namespace dsnn::store
