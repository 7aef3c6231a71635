#include "store/members.h"

#include <limits>
#include <stdexcept>

namespace dsnn::store {

void bad_member(const std::string& key, const char* expected) {
  throw std::invalid_argument("member '" + key + "' of a message is missing or not " + expected);
}

double number_from(const Value& value, const char* key) {
  if (value.is_number()) return value.number();
  if (value.is_string()) {
    if (value.string() == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (value.string() == "inf") return std::numeric_limits<double>::infinity();
    if (value.string() == "-inf") return -std::numeric_limits<double>::infinity();
  }
  bad_member(key, "a number");
}

const Value::List& list_member(const Value& map, const char* key) {
  const Value& found = member(map, key);
  if (!found.is_list()) bad_member(key, "a list");
  return found.items();
}

const Value& member(const Value& map, const char* key) {
  const Value* found = map.find(key);
  if (found == nullptr) bad_member(key, "there");
  return *found;
}

int64_t integer_member(const Value& map, const char* key) {
  const Value& found = member(map, key);
  if (!found.is_int()) bad_member(key, "an integer");
  return found.integer();
}

double number_member(const Value& map, const char* key) { return number_from(member(map, key), key); }

std::string text_member(const Value& map, const char* key) {
  const Value& found = member(map, key);
  if (!found.is_string()) bad_member(key, "a text");
  return found.string();
}

}  // namespace dsnn::store
