#include "nn/functions.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/adaptive_max_pool2d.h>
#include <ATen/ops/add.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/channel_shuffle.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/pad.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "dsnn/error.h"
#include "dsnn/op_table.h"

namespace dsnn::nn {
namespace {

using In = std::span<const at::Tensor>;
using Ints = std::vector<int64_t>;
using Run = Function::Run;

/// A function of one tensor, without attributes.
template <class F>
Run unary(F f) {
  return [f](In in, const StepContext&) { return f(in[0]); };
}

at::Tensor sum(In in, const StepContext&) {
  at::Tensor out = at::add(in[0], in[1]);
  for (size_t i = 2; i < in.size(); ++i) out = at::add(out, in[i]);
  return out;
}

Run dropout(const Attributes& a) {
  return [p = a.number("p")](In in, const StepContext& step) {
    return step.training && p > 0 ? at::dropout(in[0], p, true) : in[0];
  };
}

Run max_pool(const Attributes& a) {
  return unary(
      [k = a.integers("kernel"), s = a.integers("stride"), p = a.integers("padding"), d = a.integers("dilation"),
       ceil = a.integer("ceil_mode") != 0](const at::Tensor& x) { return at::max_pool2d(x, k, s, p, d, ceil); });
}

Run avg_pool(const Attributes& a) {
  return unary([k = a.integers("kernel"), s = a.integers("stride"), p = a.integers("padding"),
                ceil = a.integer("ceil_mode") != 0, with_pad = a.integer("count_include_pad") != 0](
                   const at::Tensor& x) { return at::avg_pool2d(x, k, s, p, ceil, with_pad); });
}

Run subsample_pad(const Attributes& a) {
  return unary([stride = a.integer("stride"),
                padding = Ints{0, 0, 0, 0, a.integer("before"), a.integer("after")}](const at::Tensor& x) {
    return at::constant_pad_nd(x.slice(2, 0, x.size(2), stride).slice(3, 0, x.size(3), stride), padding);
  });
}

Run pad(const Attributes& a) {
  const Ints& sides = a.integers("padding");
  const std::string mode = a.text("mode") == "zeros" ? "constant" : a.text("mode");
  const std::optional<double> value = mode == "constant" ? std::optional(a.number("value")) : std::nullopt;
  return unary([order = Ints{sides[2], sides[3], sides[0], sides[1]}, mode, value](const at::Tensor& x) {
    return at::pad(x, order, mode, value);
  });
}

Run slice(const Attributes& a) {
  return unary([axis = a.integer("axis") + 1, begin = a.integer("begin"), end = a.integer("end"),
                step = a.integer("step")](const at::Tensor& x) { return x.slice(axis, begin, end, step); });
}

Run chunk(const Attributes& a) {
  return unary(
      [axis = a.integer("axis") + 1, chunks = a.integer("chunks"), index = a.integer("index")](const at::Tensor& x) {
        const int64_t size = x.size(axis), each = (size + chunks - 1) / chunks;
        return x.slice(axis, each * index, std::min(size, each * (index + 1)));
      });
}

/// x / (k + alpha * mean of the squares of `size` neighbouring channels)^beta (Krizhevsky et al. 2012, section 3.3).
Run local_response_norm(const Attributes& a) {
  return unary([size = a.integer("size"), alpha = a.number("alpha"), beta = a.number("beta"),
                k = a.number("k")](const at::Tensor& x) {
    const Ints around = {0, 0, 0, 0, size / 2, (size - 1) / 2};
    const at::Tensor squares = at::constant_pad_nd(x.mul(x).unsqueeze(1), around);
    const at::Tensor mean = at::avg_pool3d(squares, {size, 1, 1}, {1, 1, 1}).squeeze(1);
    return x.div(mean.mul(alpha).add(k).pow(beta));
  });
}

Run upsample(const Attributes& a) {
  return unary([size = a.integers("size"), scale = a.integers("scale"), bilinear = a.text("mode") == "bilinear",
                corners = a.integer("align_corners") != 0](const at::Tensor& x) {
    const Ints to = size[0] > 0 ? size : Ints{x.size(2) * scale[0], x.size(3) * scale[1]};
    return bilinear ? at::upsample_bilinear2d(x, to, corners) : at::upsample_nearest2d(x, to);
  });
}

struct Row {
  std::string_view name;
  Run (*make)(const Attributes& a);
  at::Tensor (*overwrite)(at::Tensor x) = nullptr;
};

template <auto F>
Run plain(const Attributes&) {
  return unary([](const at::Tensor& x) { return F(x); });
}
at::Tensor same(const at::Tensor& x) { return x; }
at::Tensor relu6(const at::Tensor& x) { return at::hardtanh(x, 0, 6); }
at::Tensor relu(const at::Tensor& x) { return at::relu(x); }
at::Tensor hard_sigmoid(const at::Tensor& x) { return at::hardsigmoid(x); }
at::Tensor hard_swish(const at::Tensor& x) { return at::hardswish(x); }
at::Tensor sigmoid(const at::Tensor& x) { return at::sigmoid(x); }
at::Tensor silu(const at::Tensor& x) { return at::silu(x); }
at::Tensor log_softmax(const at::Tensor& x) { return at::log_softmax(x, 1); }
at::Tensor flatten(const at::Tensor& x) { return x.flatten(1); }
at::Tensor global_avg_pool(const at::Tensor& x) { return at::mean(x, {2, 3}, true); }
at::Tensor global_max_pool(const at::Tensor& x) { return at::amax(x, {2, 3}, true); }

constexpr std::array kRows = {
    Row{"input", plain<same>},
    Row{"identity", plain<same>},
    Row{"relu", plain<relu>, [](at::Tensor x) { return at::relu_(x); }},
    Row{"relu6", plain<relu6>},
    Row{"hard_sigmoid", plain<hard_sigmoid>},
    Row{"hard_swish", plain<hard_swish>},
    Row{"sigmoid", plain<sigmoid>},
    Row{"silu", plain<silu>},
    Row{"gelu",
        [](const Attributes& a) {
          return unary([kind = a.text("approximate")](const at::Tensor& x) { return at::gelu(x, kind); });
        }},
    Row{"log_softmax", plain<log_softmax>},
    Row{"dropout", dropout},
    Row{"local_response_norm", local_response_norm},
    Row{"add", [](const Attributes&) { return Run(sum); }},
    Row{"mul", [](const Attributes&) { return Run([](In in, const StepContext&) { return at::mul(in[0], in[1]); }); }},
    Row{"concat",
        [](const Attributes&) {
          return Run(
              [](In in, const StepContext&) { return at::cat(std::vector<at::Tensor>(in.begin(), in.end()), 1); });
        }},
    Row{"flatten", plain<flatten>},
    Row{"slice", slice},
    Row{"chunk", chunk},
    Row{"channel_shuffle",
        [](const Attributes& a) {
          return unary([groups = a.integer("groups")](const at::Tensor& x) { return at::channel_shuffle(x, groups); });
        }},
    Row{"pad", pad},
    Row{"subsample_pad", subsample_pad},
    Row{"upsample", upsample},
    Row{"max_pool", max_pool},
    Row{"avg_pool", avg_pool},
    Row{"adaptive_max_pool",
        [](const Attributes& a) {
          return unary([size = a.integers("size")](const at::Tensor& x) {
            return std::get<0>(at::adaptive_max_pool2d(x, size));
          });
        }},
    Row{"adaptive_avg_pool",
        [](const Attributes& a) {
          return unary([size = a.integers("size")](const at::Tensor& x) { return at::adaptive_avg_pool2d(x, size); });
        }},
    Row{"global_max_pool", plain<global_max_pool>},
    Row{"global_avg_pool", plain<global_avg_pool>},
};

const Row* find(std::string_view name) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.name == name; });
  return row == kRows.end() ? nullptr : row;
}

bool covers_the_op_table() {
  return std::all_of(op_table().begin(), op_table().end(),
                     [](const Op& op) { return op.kind != Op::Kind::function || find(op.name) != nullptr; });
}

}  // namespace

Function make_function(const Node& node) {
  static const bool covered = covers_the_op_table();
  DSNN_ASSERT(covered && "LibTorch runs every function of the op table");
  const Op* op = find_op(node.function);
  const Row* row = find(node.function);
  DSNN_ASSERT(op != nullptr && row != nullptr);
  return {.run = row->make(completed(*op, node.attributes)), .overwrite = row->overwrite};
}

}  // namespace dsnn::nn
