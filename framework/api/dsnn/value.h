#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dsnn {

/// A tree of plain data: what a YAML section, a JSON message or a configuration holds.
///
/// Maps keep insertion order and have unique keys. Integers and floats are different types; `number()` reads either.
/// Wrong-type access is a programming error and aborts (DSNN_ASSERT): data is validated before it becomes a Value
/// anyone reads. Thread-safe for concurrent const access.
class Value {
 public:
  using List = std::vector<Value>;
  using Member = std::pair<std::string, Value>;
  using Map = std::vector<Member>;

  Value() = default;
  Value(bool v) : data_(v) {}
  Value(int v) : data_(static_cast<int64_t>(v)) {}
  Value(int64_t v) : data_(v) {}
  Value(double v) : data_(v) {}
  Value(const char* v) : data_(std::string(v)) {}
  Value(std::string v) : data_(std::move(v)) {}
  Value(std::string_view v) : data_(std::string(v)) {}
  Value(List v) : data_(std::move(v)) {}
  Value(Map v) : data_(std::move(v)) {}

  static Value list() { return Value(List{}); }
  static Value map() { return Value(Map{}); }

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_int() const { return std::holds_alternative<int64_t>(data_); }
  bool is_float() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_int() || is_float(); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_list() const { return std::holds_alternative<List>(data_); }
  bool is_map() const { return std::holds_alternative<Map>(data_); }

  bool boolean() const;
  int64_t integer() const;
  double number() const;  ///< of an int or a float
  /// A number as JSON holds it: an int, a float, or one of the words "nan", "inf", "-inf"; nullopt = nothing of these.
  std::optional<double> number_or_word() const;
  const std::string& string() const;
  const List& items() const;
  List& items();
  const Map& members() const;
  Map& members();

  /// The member of a map, or nullptr (also when this is no map).
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  /// The member of a map; aborts when it is missing.
  const Value& at(std::string_view key) const;
  /// Replaces or appends a member; a null value becomes a map first.
  void set(std::string_view key, Value value);
  void erase(std::string_view key);
  void push_back(Value value);
  size_t size() const;  ///< of a list or a map, else 0

  /// Same type and same content; maps compare in any order of keys.
  friend bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, List, Map> data_;
};

/// Compact JSON. Doubles are written so that they read back exactly, and always with a point or an exponent;
/// NaN and infinities become the strings "nan", "inf", "-inf".
std::string to_json(const Value& value);
/// JSON with maps sorted by key and no white space: equal values give equal bytes, so this is what is hashed.
std::string to_canonical_json(const Value& value);
/// Throws std::invalid_argument with the byte offset when `text` is not one JSON value, is nested deeper than 128,
/// or repeats a key.
Value parse_json(std::string_view text);
/// The text a person or a CSV cell sees: a bare string, 17 significant digits for a double, JSON for lists and maps.
std::string to_text(const Value& value);

}  // namespace dsnn
