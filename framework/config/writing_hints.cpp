#include "config/writing_hints.h"

#include <algorithm>
#include <vector>

#include "config/words.h"

namespace dsnn::config {
namespace {

constexpr size_t kMaxKeys = 4;

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> out;
  size_t from = 0;
  while (from <= path.size()) {
    const size_t to = std::min(path.find('.', from), path.size());
    out.push_back(path.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= 60 && text.find_first_of(" \t{}[]:,'\"") == std::string::npos;
}

std::string shown(const Node& node) {
  if (!node.is_scalar() || node.text.size() > 40) return "...";
  return node.quoted ? "\"" + node.text + "\"" : node.text;
}

/// `name`, written as an item that has these fields.
std::string item_of(const std::vector<FieldSpec>& fields, const std::string& name) {
  std::string out;
  bool directed = false;
  const auto add = [&](const FieldSpec& field, const std::string& value) {
    out += (out.empty() ? "" : ", ") + field.key + ": " + value;
  };
  for (const FieldSpec& field : fields) {
    if (field.names == "column") add(field, name.substr(name.find('.') + 1));
    if (field.names == "metric") add(field, name);
    if (field.names == "direction") add(field, field.choices.front());
    directed = directed || field.names == "direction";
  }
  const auto bound = std::find_if(fields.rbegin(), fields.rend(),
                                  [](const FieldSpec& field) { return field.type == FieldType::number; });
  if (!out.empty() && !directed && bound != fields.rend()) add(*bound, "...");
  return out.empty() ? "" : "write {" + out + "}";
}

}  // namespace

std::string dotted_hint(const Entry& entry, const std::string& here) {
  if (entry.key.find('.') == std::string::npos) return "";
  const bool whole = !here.empty() && entry.key.starts_with(here + ".");
  const std::vector<std::string> parts = parts_of(whole ? entry.key.substr(here.size() + 1) : entry.key);
  if (parts.size() > 6 || !std::all_of(parts.begin(), parts.end(), is_word)) return "";
  std::string out = parts.back() + ": " + shown(entry.value);
  for (size_t i = parts.size() - 1; i-- > 0;) out = parts[i] + ": {" + out + "}";
  return "write " + out;
}

std::string map_hint(const FieldSpec& field, const Node& node, bool is_item) {
  if (is_item && node.is_scalar() && is_word(node.text)) {
    if (const std::string item = item_of(field.fields, node.text); !item.empty()) return item;
  }
  if (field.fields.empty()) return field.names == "parameters" ? "write {PARAMETER: VALUE, ...}" : "";
  std::string keys;
  for (size_t i = 0; i < std::min(field.fields.size(), kMaxKeys); ++i)
    keys += (i == 0 ? "" : ", ") + field.fields[i].key + ": ...";
  const std::string map = "{" + keys + "}" + (field.fields.size() > kMaxKeys ? " and so on" : "");
  return is_item ? "write " + map : "write " + field.key + ": " + map;
}

}  // namespace dsnn::config
