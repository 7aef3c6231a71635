#include "config/scalar.h"

#include <array>
#include <charconv>
#include <cmath>

namespace dsnn::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Unit {
  std::string_view name;
  double factor;
};
constexpr std::array kDurations = {Unit{"ms", 1e-3}, Unit{"s", 1}, Unit{"min", 60}, Unit{"h", 3600}, Unit{"d", 86400}};
constexpr std::array kSizes = {Unit{"B", 1},           Unit{"kB", 1e3},           Unit{"MB", 1e6},
                               Unit{"GB", 1e9},        Unit{"TB", 1e12},          Unit{"KiB", 1024},
                               Unit{"MiB", 1048576.0}, Unit{"GiB", 1073741824.0}, Unit{"TiB", 1099511627776.0}};

template <size_t N>
std::optional<double> read_amount(std::string_view& rest, const std::array<Unit, N>& units) {
  size_t digits = 0;
  while (digits < rest.size() && (is_digit(rest[digits]) || rest[digits] == '.')) ++digits;
  size_t letters = digits;
  while (letters < rest.size() && !is_digit(rest[letters])) ++letters;
  const auto amount = read_number(rest.substr(0, digits));
  const std::string_view name = rest.substr(digits, letters - digits);
  rest.remove_prefix(letters);
  if (!amount) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name == name) return *amount * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> read_integer(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+'))
    text = digits = digits.substr(1);
  else if (digits.starts_with('-'))
    digits = digits.substr(1);
  if (digits.empty() || !is_digit(digits[0]) || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> read_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::string_view unsigned_text = text.starts_with('-') ? text.substr(1) : text;
  if (unsigned_text.empty() || !(is_digit(unsigned_text[0]) || unsigned_text[0] == '.')) return std::nullopt;
  if (unsigned_text.size() > 1 && unsigned_text[0] == '0' && is_digit(unsigned_text[1])) return std::nullopt;
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<bool> read_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<double> read_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    const auto part = read_amount(text, kDurations);
    if (!part) return std::nullopt;
    seconds += *part;
  }
  return seconds;
}

std::optional<int64_t> read_size(std::string_view text) {
  const auto bytes = read_amount(text, kSizes);
  if (!bytes || !text.empty() || *bytes > 9e18) return std::nullopt;
  return static_cast<int64_t>(std::llround(*bytes));
}

Value guess_scalar(const Node& node) {
  if (node.quoted) return Value(node.text);
  if (const auto flag = read_boolean(node.text)) return Value(*flag);
  if (const auto integer = read_integer(node.text)) return Value(*integer);
  if (const auto number = read_number(node.text)) return Value(*number);
  return Value(node.text);
}

Value guess(const Node& node) {
  if (node.is_null()) return Value();
  if (node.is_scalar()) return guess_scalar(node);
  if (node.is_list()) {
    Value out = Value::list();
    for (const Node& item : node.items) out.push_back(guess(item));
    return out;
  }
  Value out = Value::map();
  for (const Entry& entry : node.entries) out.set(entry.key, guess(entry.value));
  return out;
}

}  // namespace dsnn::config
