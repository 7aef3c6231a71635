#include "golden/golden_file.h"

#include <ATen/core/Tensor.h>

#include <cstdlib>
#include <limits>
#include <map>
#include <stdexcept>

#include "nn/checkpoint.h"
#include "store/file.h"

namespace dsnn::golden {

namespace fs = std::filesystem;

fs::path folder() {
  const char* chosen = std::getenv("DSNN_GOLDEN");
  if (chosen != nullptr && *chosen != '\0') return chosen;
  return fs::path(DSNN_SOURCE_DIR) / ".." / "shared" / "golden";
}

bool present(const std::string& name) {
  return fs::exists(folder() / (name + ".json")) || fs::exists(folder() / (name + ".safetensors"));
}

Value read_index(const std::string& name) {
  try {
    return parse_json(store::read_file(folder() / (name + ".json")));
  } catch (const std::invalid_argument& e) {
    throw std::runtime_error(name + ".json: " + e.what());
  }
}

Tensors read_tensors(const std::string& name) { return nn::load_safetensors(folder() / (name + ".safetensors")); }

uint64_t seed_from(const std::string& hex) { return std::stoull(hex, nullptr, 16); }

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return std::numeric_limits<double>::infinity();
  if (a.numel() == 0) return 0;
  const at::Tensor x = a.detach().to(at::kDouble), y = b.detach().to(at::kDouble);
  const at::Tensor difference = x.sub(y).abs().masked_fill(x.eq(y), 0.0);
  const double largest = difference.max().item<double>();
  return largest == largest ? largest : std::numeric_limits<double>::infinity();
}

double largest_absolute(const at::Tensor& t) {
  return t.numel() == 0 ? 0.0 : t.detach().to(at::kDouble).abs().max().item<double>();
}

std::string backbone_of(const std::string& family, const std::string& name) {
  static const std::map<std::string, std::string> kComponents = {
      {"mnist/linear", "simple_linear"}, {"mnist/conv", "simple_cnn"},     {"cifar10/resnet20", "resnet20"},
      {"cifar10/resnet32", "resnet32"},  {"cifar10/resnet44", "resnet44"}, {"cifar10/resnet56", "resnet56"},
  };
  const auto found = kComponents.find(family + "/" + name);
  return found == kComponents.end() ? std::string() : found->second;
}

}  // namespace dsnn::golden
