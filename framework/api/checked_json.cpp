#include "dsnn/checked_json.h"

#include <optional>
#include <stdexcept>

namespace dsnn::checked {
namespace {

const Value& of_type(const Value& map, std::string_view key, bool (Value::*is)() const, const char* expected) {
  const Value& found = member(map, key);
  if (!(found.*is)()) bad(key, expected);
  return found;
}

}  // namespace

void bad(std::string_view key, std::string_view expected) {
  throw std::invalid_argument("'" + std::string(key) + "' must be " + std::string(expected));
}

const Value& member(const Value& map, std::string_view key) {
  const Value* found = map.is_map() ? map.find(key) : nullptr;
  if (found == nullptr) throw std::invalid_argument("the key '" + std::string(key) + "' is missing");
  return *found;
}

int64_t integer(const Value& map, std::string_view key) {
  return of_type(map, key, &Value::is_int, "a whole number").integer();
}

double number(const Value& map, std::string_view key) {
  return of_type(map, key, &Value::is_number, "a number").number();
}

double any_number(const Value& map, std::string_view key) { return number_or_word(member(map, key), key); }

double number_or_word(const Value& value, std::string_view key) {
  const std::optional<double> out = value.number_or_word();
  if (!out) bad(key, "a number, nan, inf or -inf");
  return *out;
}

bool flag(const Value& map, std::string_view key) {
  return of_type(map, key, &Value::is_bool, "true or false").boolean();
}

const std::string& text(const Value& map, std::string_view key) {
  return of_type(map, key, &Value::is_string, "a string").string();
}

const Value::List& list(const Value& map, std::string_view key) {
  return of_type(map, key, &Value::is_list, "a list").items();
}

const Value& map(const Value& map, std::string_view key) { return of_type(map, key, &Value::is_map, "a map"); }

}  // namespace dsnn::checked
