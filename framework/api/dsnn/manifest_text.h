#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dsnn/schema.h"

/// Compile-time JSON writing for plugin manifests. Used by DSNN_PLUGIN and by the framework's own section schemas.
namespace dsnn::manifest_text {

constexpr void append(std::string& out, std::string_view text) { out.append(text.data(), text.size()); }

constexpr void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c == '\n') {
      append(out, "\\n");
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

constexpr void append_integer(std::string& out, int64_t value) {
  if (value < 0) out.push_back('-');
  uint64_t rest = value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  char digits[20] = {};
  int n = 0;
  do digits[n++] = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) != 0);
  while (n > 0) out.push_back(digits[--n]);
}

constexpr long double power_of_ten(int exponent) {
  long double result = 1;
  for (int i = 0; i < (exponent < 0 ? -exponent : exponent); ++i) result *= 10;
  return result;
}

/// Shortest m x 10^e that reads back as `value`, for the magnitudes schemas use (10^-20 .. 10^20).
constexpr void append_number(std::string& out, double value) {
  if (value < 0) {
    out.push_back('-');
    value = -value;
  }
  if (value == 0) return append(out, "0.0");
  int exponent = 0;  // value = d.ddd x 10^exponent
  while (static_cast<long double>(value) >= power_of_ten(exponent + 1)) ++exponent;
  while (exponent < 0 ? value * power_of_ten(-exponent) < 1 : static_cast<long double>(value) < power_of_ten(exponent))
    --exponent;
  for (int digits = 1; digits <= 17; ++digits) {
    const int shift = digits - 1 - exponent;
    const long double scaled = shift >= 0 ? value * power_of_ten(shift) : value / power_of_ten(-shift);
    const uint64_t mantissa = static_cast<uint64_t>(scaled + 0.5L);
    const long double back = shift >= 0 ? static_cast<long double>(mantissa) / power_of_ten(shift)
                                        : static_cast<long double>(mantissa) * power_of_ten(-shift);
    if (static_cast<double>(back) != value && digits < 17) continue;
    append_integer(out, static_cast<int64_t>(mantissa));
    out.push_back('e');
    return append_integer(out, -shift);
  }
}

constexpr void append_fields(std::string& out, const Field* fields, size_t count);

constexpr void append_words(std::string& out, std::string_view key, const Words& words) {
  if (words.empty()) return;
  append(out, ",\"");
  append(out, key);
  append(out, "\":[");
  bool first = true;
  for (std::string_view word : words) {
    if (!first) out.push_back(',');
    first = false;
    append_string(out, word);
  }
  out.push_back(']');
}

constexpr void append_bound(std::string& out, std::string_view key, const Maybe<double>& bound) {
  if (!bound.set) return;
  append(out, ",\"");
  append(out, key);
  append(out, "\":");
  append_number(out, bound.value);
}

constexpr void append_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  append(out, ",\"");
  append(out, key);
  append(out, "\":");
  append_string(out, text);
}

constexpr void append_flag(std::string& out, std::string_view key, bool value) {
  append(out, ",\"");
  append(out, key);
  append(out, value ? "\":true" : "\":false");
}

constexpr void append_field(std::string& out, const Field& f) {
  append(out, "{\"key\":");
  append_string(out, f.key);
  append_text(out, "type", name_of(f.type));
  if (f.bool_default.set) append_flag(out, "default", f.bool_default.value);
  if (f.int_default.set) {
    append(out, ",\"default\":");
    append_integer(out, f.int_default.value);
  }
  if (f.number_default.set) {
    append(out, ",\"default\":");
    append_number(out, f.number_default.value);
  }
  if (f.string_default.set) {
    append(out, ",\"default\":");
    append_string(out, f.string_default.value);
  }
  if (!f.json.empty()) {
    append(out, ",\"default\":");
    append(out, f.json);
  }
  append_bound(out, "min", f.min);
  append_bound(out, "max", f.max);
  append_bound(out, "min_exclusive", f.min_exclusive);
  append_bound(out, "max_exclusive", f.max_exclusive);
  append_bound(out, "off", f.off);
  append_bound(out, "each_min", f.each.min);
  append_bound(out, "each_max", f.each.max);
  append_bound(out, "each_min_exclusive", f.each.min_exclusive);
  append_bound(out, "each_max_exclusive", f.each.max_exclusive);
  append_words(out, "choices", f.choices);
  append_words(out, "words", f.words);
  append_text(out, "unit", f.unit);
  append_text(out, "kind", f.kind);
  append_text(out, "numeric", f.numeric);
  append_text(out, "names", f.names);
  append_text(out, "ends_with_budget", f.ends_with_budget);
  if (f.type == FieldType::list) append_text(out, "item", name_of(f.item));
  if (f.required) append_flag(out, "required", true);
  if (f.nullable) append_flag(out, "nullable", true);
  if (f.fidelity) append_flag(out, "fidelity", true);
  if (f.open) append_flag(out, "open", true);
  if (f.ascending) append_flag(out, "ascending", true);
  if (!f.searchable) append_flag(out, "searchable", false);
  append_text(out, "doc", f.doc);
  if (f.field_count > 0) {
    append(out, ",\"fields\":");
    append_fields(out, f.fields, f.field_count);
  }
  out.push_back('}');
}

constexpr void append_fields(std::string& out, const Field* fields, size_t count) {
  out.push_back('[');
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out.push_back(',');
    append_field(out, fields[i]);
  }
  out.push_back(']');
}

constexpr void append_metrics(std::string& out, std::span<const MetricDeclaration> metrics) {
  out.push_back('[');
  bool first = true;
  for (const MetricDeclaration& m : metrics) {
    append(out, first ? "{\"name\":" : ",{\"name\":");
    first = false;
    append_string(out, m.name);
    append_text(out, "unit", m.unit);
    append_text(out, "better", m.better);
    append_flag(out, "reproducible", m.reproducible);
    append_flag(out, "static", m.known_before_training);
    out.push_back('}');
  }
  out.push_back(']');
}

}  // namespace dsnn::manifest_text
