#include <ATen/ops/empty.h>

#include <cstring>
#include <stdexcept>

#include "dsnn/error.h"
#include "nn/checkpoint.h"
#include "nn/safetensors.h"
#include "store/file.h"

namespace dsnn::nn {
namespace {

struct TypeName {
  const char* name;
  at::ScalarType type;
};
constexpr TypeName kTypes[] = {{"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
                               {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
                               {"U8", at::kByte},    {"BOOL", at::kBool}};

const char* name_of(at::ScalarType type) {
  for (const TypeName& entry : kTypes) {
    if (entry.type == type) return entry.name;
  }
  throw std::invalid_argument("safetensors: a tensor type that has no name in this format");
}

at::ScalarType type_of(const std::string& name) {
  for (const TypeName& entry : kTypes) {
    if (name == entry.name) return entry.type;
  }
  throw std::invalid_argument("safetensors: the unknown dtype '" + name + "'");
}

}  // namespace

std::string to_safetensors(const Tensors& tensors) {
  std::vector<at::Tensor> plain;  // keeps the bytes alive
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : tensors) {
    plain.push_back(tensor.detach().cpu().contiguous());
    const at::Tensor& t = plain.back();
    views[name] = {.dtype = name_of(t.scalar_type()),
                   .shape = t.sizes().vec(),
                   .bytes = {static_cast<const uint8_t*>(t.const_data_ptr()), t.nbytes()}};
  }
  return write_safetensors(views, {{"format", "pt"}});
}

Tensors from_safetensors(std::string_view bytes) {
  const SafetensorsIndex index = parse_safetensors({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  Tensors out;
  for (const auto& [name, view] : index.tensors) {
    at::Tensor tensor = at::empty(view.shape, type_of(view.dtype));
    if (!view.bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
    out.emplace(name, std::move(tensor));
  }
  return out;
}

Tensors load_safetensors(const std::filesystem::path& file) {
  std::error_code missing;
  if (!std::filesystem::is_regular_file(file, missing)) {
    throw ConfigError(SourceLocation{.file = file.string()},
                      "no such file; expected weights in the safetensors format");
  }
  try {
    return from_safetensors(store::read_file(file));
  } catch (const std::invalid_argument& e) {
    throw ConfigError(SourceLocation{.file = file.string()}, e.what());
  }
}

}  // namespace dsnn::nn
