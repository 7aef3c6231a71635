#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>

#include "dsnn/layer.h"
#include "dsnn/value.h"

namespace dsnn::golden {

/// The folder with the reference vectors: DSNN_GOLDEN, else ../shared/golden beside the source tree.
std::filesystem::path folder();

/// True when `name`.json or `name`.safetensors is there.
bool present(const std::string& name);

/// The index `name`.json. Throws std::runtime_error.
Value read_index(const std::string& name);

/// All tensors of `name`.safetensors by key. Throws std::runtime_error.
Tensors read_tensors(const std::string& name);

/// A seed written as text, "0x243F6A8885A308D3".
uint64_t seed_from(const std::string& hex);

/// Largest absolute difference, in double; infinite when shapes differ or a NaN stands on one side only.
double largest_difference(const at::Tensor& a, const at::Tensor& b);
double largest_absolute(const at::Tensor& t);

/// The component that builds a network of the reference data, "" when this project has no name for it.
std::string backbone_of(const std::string& family, const std::string& name);

}  // namespace dsnn::golden

/// Skips the test, saying so, when the reference data is not there.
#define DSNN_REQUIRE_GOLDEN(name)                                                                                   \
  if (!::dsnn::golden::present(name)) {                                                                             \
    GTEST_SKIP() << "no reference vectors '" << name << "' in " << ::dsnn::golden::folder() << "; set DSNN_GOLDEN"; \
  }                                                                                                                 \
  static_assert(true, "")
