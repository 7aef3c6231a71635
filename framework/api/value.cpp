#include "dsnn/value.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "dsnn/error.h"

namespace dsnn {
namespace {

constexpr int kMaxJsonDepth = 128;

void append_double(std::string& out, double v) {
  if (std::isnan(v)) {
    out += "\"nan\"";
  } else if (std::isinf(v)) {
    out += v > 0 ? "\"inf\"" : "\"-inf\"";
  } else {
    std::string text = nlohmann::json(v).dump();
    if (text.find_first_of(".eE") == std::string::npos) text += ".0";
    out += text;
  }
}

void append_json(std::string& out, const Value& v, bool canonical) {
  if (v.is_null()) {
    out += "null";
  } else if (v.is_bool()) {
    out += v.boolean() ? "true" : "false";
  } else if (v.is_int()) {
    out += std::to_string(v.integer());
  } else if (v.is_float()) {
    append_double(out, v.number());
  } else if (v.is_string()) {
    out += nlohmann::json(v.string()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } else if (v.is_list()) {
    out += '[';
    bool first = true;
    for (const Value& item : v.items()) {
      if (!first) out += ',';
      first = false;
      append_json(out, item, canonical);
    }
    out += ']';
  } else {
    std::vector<const Value::Member*> members;
    for (const auto& member : v.members()) members.push_back(&member);
    if (canonical) {
      std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return a->first < b->first; });
    }
    out += '{';
    bool first = true;
    for (const Value::Member* member : members) {
      if (!first) out += ',';
      first = false;
      append_json(out, Value(member->first), canonical);
      out += ':';
      append_json(out, member->second, canonical);
    }
    out += '}';
  }
}

/// Builds a Value from nlohmann's SAX events: no intermediate tree, depth and repeated keys checked on the way.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Value result;
  std::string error;

  bool null() override { return add(Value()); }
  bool boolean(bool v) override { return add(Value(v)); }
  bool number_integer(int64_t v) override { return add(Value(v)); }
  bool number_unsigned(uint64_t v) override {
    return v > INT64_MAX ? add(Value(static_cast<double>(v))) : add(Value(static_cast<int64_t>(v)));
  }
  bool number_float(double v, const std::string&) override { return add(Value(v)); }
  bool string(std::string& v) override { return add(Value(std::move(v))); }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(size_t) override { return open(Value::map()); }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(Value::list()); }
  bool end_array() override { return close(); }
  bool key(std::string& v) override {
    if (stack_.back().find(v) != nullptr) {
      error = "key '" + v + "' is repeated";
      return false;
    }
    keys_.back() = std::move(v);
    return true;
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    if (error.empty()) error = "no valid JSON at byte " + std::to_string(position);
    return false;
  }

 private:
  bool add(Value v) {
    if (stack_.empty()) {
      result = std::move(v);
    } else if (stack_.back().is_list()) {
      stack_.back().push_back(std::move(v));
    } else {
      stack_.back().members().emplace_back(std::move(keys_.back()), std::move(v));
    }
    return true;
  }
  bool open(Value v) {
    if (stack_.size() >= kMaxJsonDepth) {
      error = "nested deeper than " + std::to_string(kMaxJsonDepth);
      return false;
    }
    stack_.push_back(std::move(v));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Value done = std::move(stack_.back());
    stack_.pop_back();
    keys_.pop_back();
    return add(std::move(done));
  }

  std::vector<Value> stack_;
  std::vector<std::string> keys_;
};

}  // namespace

bool Value::boolean() const {
  DSNN_ASSERT(is_bool());
  return std::get<bool>(data_);
}
int64_t Value::integer() const {
  DSNN_ASSERT(is_int());
  return std::get<int64_t>(data_);
}
double Value::number() const {
  DSNN_ASSERT(is_number());
  return is_int() ? static_cast<double>(std::get<int64_t>(data_)) : std::get<double>(data_);
}
std::optional<double> Value::number_or_word() const {
  if (is_number()) return number();
  if (!is_string()) return std::nullopt;
  if (string() == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (string() == "inf") return std::numeric_limits<double>::infinity();
  if (string() == "-inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}
const std::string& Value::string() const {
  DSNN_ASSERT(is_string());
  return std::get<std::string>(data_);
}
const Value::List& Value::items() const {
  DSNN_ASSERT(is_list());
  return std::get<List>(data_);
}
Value::List& Value::items() {
  DSNN_ASSERT(is_list());
  return std::get<List>(data_);
}
const Value::Map& Value::members() const {
  DSNN_ASSERT(is_map());
  return std::get<Map>(data_);
}
Value::Map& Value::members() {
  DSNN_ASSERT(is_map());
  return std::get<Map>(data_);
}

const Value* Value::find(std::string_view key) const {
  if (!is_map()) return nullptr;
  for (const Member& member : std::get<Map>(data_)) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}
Value* Value::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

const Value& Value::at(std::string_view key) const {
  const Value* found = find(key);
  DSNN_ASSERT(found != nullptr);
  return *found;
}

void Value::set(std::string_view key, Value value) {
  if (is_null()) data_ = Map{};
  if (Value* found = find(key)) {
    *found = std::move(value);
  } else {
    members().emplace_back(std::string(key), std::move(value));
  }
}

void Value::erase(std::string_view key) {
  if (!is_map()) return;
  std::erase_if(members(), [&](const Member& member) { return member.first == key; });
}

void Value::push_back(Value value) {
  if (is_null()) data_ = List{};
  items().push_back(std::move(value));
}

size_t Value::size() const {
  if (is_list()) return items().size();
  return is_map() ? members().size() : 0;
}

bool operator==(const Value& a, const Value& b) {
  if (!a.is_map() || !b.is_map()) return a.data_ == b.data_;
  if (a.size() != b.size()) return false;
  return std::all_of(a.members().begin(), a.members().end(), [&](const Value::Member& member) {
    const Value* other = b.find(member.first);
    return other != nullptr && *other == member.second;
  });
}

std::string to_json(const Value& value) {
  std::string out;
  append_json(out, value, false);
  return out;
}

std::string to_canonical_json(const Value& value) {
  std::string out;
  append_json(out, value, true);
  return out;
}

Value parse_json(std::string_view text) {
  Builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) throw std::invalid_argument(builder.error);
  return std::move(builder.result);
}

std::string to_text(const Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_float()) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value.number());
    return text;
  }
  return to_json(value);
}

}  // namespace dsnn
