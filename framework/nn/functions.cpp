#include "nn/functions.h"

#include <ATen/ops/add.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/relu.h>

#include <stdexcept>

#include "nn/pair.h"

namespace dsnn::nn {
namespace {

at::Tensor pool(const Node& node, const at::Tensor& x) {
  const std::vector<int64_t> kernel = pair_of(node.attributes, "kernel", 1),
                             stride = pair_of(node.attributes, "stride", 1),
                             padding = pair_of(node.attributes, "padding", 0);
  if (node.function == "max_pool") return at::max_pool2d(x, kernel, stride, padding);
  return at::avg_pool2d(x, kernel, stride, padding);
}

at::Tensor subsample_pad(const Attributes& attributes, const at::Tensor& x) {
  const int64_t stride = attributes.integer("stride");
  const at::Tensor thin = x.slice(2, 0, x.size(2), stride).slice(3, 0, x.size(3), stride);
  const std::vector<int64_t> padding = {0, 0, 0, 0, attributes.integer("before"), attributes.integer("after")};
  return at::constant_pad_nd(thin, padding);
}

at::Tensor sum(std::span<const at::Tensor> in) {
  at::Tensor out = at::add(in[0], in[1]);
  for (size_t i = 2; i < in.size(); ++i) out = at::add(out, in[i]);
  return out;
}

}  // namespace

at::Tensor run_function(const Node& node, std::span<const at::Tensor> in, const StepContext& step,
                        Overwrite overwrite) {
  const std::string& f = node.function;
  if (f == "relu") {
    at::Tensor x = in[0];
    return overwrite == Overwrite::allowed ? at::relu_(x) : at::relu(x);
  }
  if (f == "add") return sum(in);
  if (f == "flatten") return in[0].flatten(1);
  if (f == "max_pool" || f == "avg_pool") return pool(node, in[0]);
  if (f == "global_avg_pool") return at::mean(in[0], {2, 3}, true);
  if (f == "dropout") {
    const double p = node.attributes.number("p");
    return step.training && p > 0 ? at::dropout(in[0], p, true) : in[0];
  }
  if (f == "subsample_pad") return subsample_pad(node.attributes, in[0]);
  if (f == "concat") return at::cat(std::vector<at::Tensor>(in.begin(), in.end()), 1);
  if (f == "log_softmax") return at::log_softmax(in[0], 1);
  if (f == "identity") return in[0];
  throw std::invalid_argument("unknown function '" + f + "'");
}

}  // namespace dsnn::nn
