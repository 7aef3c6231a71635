#include "nn/safetensors.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "dsnn/value.h"

namespace dsnn::nn {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kLongestHeader = 100'000'000;
constexpr size_t kHighestRank = 8;

struct Entry {
  std::string name;
  TensorView view;
  uint64_t begin = 0, end = 0;
};

[[noreturn]] void fail(const std::string& text) { throw std::invalid_argument("safetensors: " + text); }

uint64_t header_length(std::span<const uint8_t> file) {
  if (file.size() < kLengthBytes) fail("the file has " + std::to_string(file.size()) + " bytes, fewer than 8");
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) length |= static_cast<uint64_t>(file[i]) << (8 * i);
  if (length > kLongestHeader || length > file.size() - kLengthBytes) {
    fail("the header length at offset 0 is " + std::to_string(length) + ", but the file has " +
         std::to_string(file.size() - kLengthBytes) + " more bytes and 100 MB is the limit");
  }
  return length;
}

uint64_t offset_of(const Value& item, const std::string& name) {
  if (!item.is_int() || item.integer() < 0) fail("a data offset of '" + name + "' is no whole number of at least 0");
  return static_cast<uint64_t>(item.integer());
}

const Value::List& list_of(const Value& entry, std::string_view key, const std::string& name) {
  const Value* found = entry.find(key);
  if (found == nullptr || !found->is_list()) fail("tensor '" + name + "' has no list '" + std::string(key) + "'");
  return found->items();
}

/// Bytes of a tensor, with every multiplication checked. An axis of 0 hides no other: whoever allocates the tensor
/// computes its strides, so the product of the other axes must fit as well.
uint64_t checked_bytes(const TensorView& view, const std::string& name) {
  int64_t bytes = bytes_per_element(view.dtype);
  bool empty = false;
  for (int64_t size : view.shape) {
    empty = empty || size == 0;
    if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) fail("the size of '" + name + "' overflows");
  }
  return empty ? 0 : static_cast<uint64_t>(bytes);
}

Entry entry_from(const std::string& name, const Value& json) {
  if (!json.is_map() || json.size() != 3) fail("tensor '" + name + "' must have dtype, shape and data_offsets");
  const Value* dtype = json.find("dtype");
  if (dtype == nullptr || !dtype->is_string()) fail("tensor '" + name + "' has no dtype");
  Entry out{.name = name, .view = {.dtype = dtype->string(), .shape = {}, .bytes = {}}};
  if (bytes_per_element(out.view.dtype) == 0)
    fail("tensor '" + name + "' has the unknown dtype '" + out.view.dtype + "'");
  const Value::List& shape = list_of(json, "shape", name);
  if (shape.size() > kHighestRank)
    fail("tensor '" + name + "' has " + std::to_string(shape.size()) + " axes, 8 at most");
  for (const Value& size : shape) out.view.shape.push_back(static_cast<int64_t>(offset_of(size, name)));
  const Value::List& offsets = list_of(json, "data_offsets", name);
  if (offsets.size() != 2) fail("tensor '" + name + "' must have two data offsets");
  out.begin = offset_of(offsets[0], name);
  out.end = offset_of(offsets[1], name);
  const uint64_t bytes = checked_bytes(out.view, name);
  if (out.end < out.begin || out.end - out.begin != bytes) {
    fail("tensor '" + name + "' takes " + std::to_string(bytes) + " bytes, but its data offsets are " +
         std::to_string(out.begin) + " and " + std::to_string(out.end));
  }
  return out;
}

std::map<std::string, std::string> metadata_from(const Value& json) {
  if (!json.is_map()) fail("__metadata__ must be a map");
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : json.members()) {
    if (!value.is_string()) fail("__metadata__ holds something that is no string");
    out.emplace(key, value.string());
  }
  return out;
}

Value parse_header(std::span<const uint8_t> file, uint64_t length) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
  if (text.empty() || text.front() != '{') fail("the header at offset 8 does not start with '{'");
  try {
    Value header = parse_json(text);
    if (!header.is_map()) fail("the header is no map");
    return header;
  } catch (const std::invalid_argument& e) {
    fail("the header at offset 8: " + std::string(e.what()));
  }
}

Value header_entry(const TensorView& view, uint64_t begin) {
  Value shape = Value::list(), offsets = Value::list();
  for (int64_t size : view.shape) shape.push_back(size);
  offsets.push_back(static_cast<int64_t>(begin));
  offsets.push_back(static_cast<int64_t>(begin + view.bytes.size()));
  Value out = Value::map();
  out.set("dtype", view.dtype);
  out.set("shape", std::move(shape));
  out.set("data_offsets", std::move(offsets));
  return out;
}

}  // namespace

int64_t bytes_per_element(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 10> kTypes = {{{"F64", 8},
                                                                                   {"F32", 4},
                                                                                   {"F16", 2},
                                                                                   {"BF16", 2},
                                                                                   {"I64", 8},
                                                                                   {"I32", 4},
                                                                                   {"I16", 2},
                                                                                   {"I8", 1},
                                                                                   {"U8", 1},
                                                                                   {"BOOL", 1}}};
  for (const auto& [name, bytes] : kTypes) {
    if (name == dtype) return bytes;
  }
  return 0;
}

SafetensorsIndex parse_safetensors(std::span<const uint8_t> file) {
  const uint64_t length = header_length(file);
  const Value header = parse_header(file, length);
  const std::span<const uint8_t> data = file.subspan(kLengthBytes + length);
  SafetensorsIndex out;
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.members()) {
    if (name == "__metadata__") {
      out.metadata = metadata_from(json);
    } else {
      entries.push_back(entry_from(name, json));
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  uint64_t expected = 0;
  for (Entry& entry : entries) {
    if (entry.begin != expected || entry.end > data.size()) {
      fail("tensor '" + entry.name + "' starts at data offset " + std::to_string(entry.begin) + " and ends at " +
           std::to_string(entry.end) + "; expected it at " + std::to_string(expected) + " in " +
           std::to_string(data.size()) + " bytes of data");
    }
    expected = entry.end;
    entry.view.bytes = data.subspan(entry.begin, entry.end - entry.begin);
    out.tensors.emplace(std::move(entry.name), std::move(entry.view));
  }
  if (expected != data.size()) {
    fail(std::to_string(data.size() - expected) + " bytes at data offset " + std::to_string(expected) +
         " belong to no tensor");
  }
  return out;
}

std::string write_safetensors(const std::map<std::string, TensorView>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  std::vector<const std::pair<const std::string, TensorView>*> order;
  for (const auto& entry : tensors) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) {
    return bytes_per_element(a->second.dtype) > bytes_per_element(b->second.dtype);
  });
  Value header = Value::map();
  if (!metadata.empty()) {
    Value notes = Value::map();
    for (const auto& [key, value] : metadata) notes.set(key, value);
    header.set("__metadata__", std::move(notes));
  }
  uint64_t size = 0;
  for (const auto* entry : order) {
    const TensorView& view = entry->second;
    if (bytes_per_element(view.dtype) == 0 || checked_bytes(view, entry->first) != view.bytes.size()) {
      fail("the bytes of '" + entry->first + "' do not match its shape and dtype");
    }
    header.members().emplace_back(entry->first, header_entry(view, size));
    size += view.bytes.size();
  }
  std::string text = to_json(header);
  while (text.size() % kLengthBytes != 0) text += ' ';
  std::string out;
  out.reserve(kLengthBytes + text.size() + size);
  for (size_t i = 0; i < kLengthBytes; ++i) out += static_cast<char>((text.size() >> (8 * i)) & 0xFF);
  out += text;
  for (const auto* entry : order) {
    const std::span<const uint8_t> bytes = entry->second.bytes;
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return out;
}

}  // namespace dsnn::nn
