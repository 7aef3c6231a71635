#include "op_rules.h"

#include <algorithm>
#include <stdexcept>

namespace dsnn::rules {
namespace {

struct Extent {
  int64_t h = 1, w = 1;
};
Extent extent(const Attributes& a, const std::string& key) {
  const std::vector<int64_t>& both = a.integers(key);
  return {both.at(0), both.at(1)};
}

struct Sides {
  int64_t top = 0, bottom = 0, left = 0, right = 0;
};
Sides sides(const Attributes& a) {
  const std::vector<int64_t>& all = a.integers("padding");
  return {all.at(0), all.at(1), all.at(2), all.at(3)};
}

void check_channels(const std::string& who, int64_t expected, const Shape& in) {
  if (in.empty() || in[0] != expected) {
    fail(who + ": expected " + std::to_string(expected) + " channels, got the shape " + text_of(in));
  }
}

/// A mode that repeats the image needs enough of it.
void check_mode(const std::string& who, const std::string& mode, int64_t size, int64_t before, int64_t after) {
  const int64_t most = mode == "reflect" ? size - 1 : mode == "circular" ? size : std::max(before, after);
  if (std::max(before, after) > most) {
    fail(who + ": padding_mode '" + mode + "' cannot pad " + std::to_string(size) + " values by " +
         std::to_string(std::max(before, after)));
  }
}

void check_modes(const std::string& who, const std::string& mode, const Shape& in, const Sides& p) {
  check_mode(who, mode, in[1], p.top, p.bottom);
  check_mode(who, mode, in[2], p.left, p.right);
}

/// PyTorch's ceil_mode: a last window may hang over, but not start beyond the image and its leading padding.
int64_t pool_positions(const std::string& who, int64_t size, const Window& w, int64_t leading, bool ceil) {
  const int64_t whole = positions(who, size, w);
  if (!ceil) return whole;
  const int64_t room = size + w.padding - w.dilation * (w.kernel - 1) - 1;
  const int64_t up = (room + w.stride - 1) / w.stride + 1;
  return (up - 1) * w.stride >= size + leading ? up - 1 : up;
}

/// LibTorch's max pool reads out of bounds for a window whose every value lies in the padding, as a dilated one can.
void check_windows(const std::string& who, int64_t size, const Window& w, int64_t leading, int64_t count) {
  for (int64_t i = 0; w.dilation > 1 && i < count; ++i) {
    const int64_t start = i * w.stride - leading;
    const int64_t skipped = start < 0 ? (-start + w.dilation - 1) / w.dilation : 0;
    if (skipped >= w.kernel || start + skipped * w.dilation >= size) {
      fail(who + ": a window of " + std::to_string(w.kernel) + " with dilation " + std::to_string(w.dilation) +
           " lies in the padding altogether");
    }
  }
}

size_t axis_of(const std::string& who, const Attributes& a, const Shape& in) {
  const int64_t axis = a.integer("axis");
  if (axis >= static_cast<int64_t>(in.size())) {
    fail(who + ": axis " + std::to_string(axis) + " of the shape " + text_of(in) + " does not exist");
  }
  return static_cast<size_t>(axis);
}

void check_groups(const std::string& who, const Attributes& a) {
  const int64_t groups = a.integer("groups");
  if (a.integer("in") % groups != 0 || a.integer("out") % groups != 0) {
    fail(who + ": " + std::to_string(groups) + " groups do not divide " + std::to_string(a.integer("in")) + " and " +
         std::to_string(a.integer("out")) + " channels");
  }
}

}  // namespace

void fail(const std::string& text) { throw std::invalid_argument(text); }

std::string text_of(const Shape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

int64_t positions(const std::string& who, int64_t size, const Window& w) {
  const int64_t room = size + w.padding - w.dilation * (w.kernel - 1) - 1;
  if (room < 0) {
    fail(who + ": a window of " + std::to_string(w.kernel) + " does not fit into " + std::to_string(size) +
         " values with padding " + std::to_string(w.padding / 2));
  }
  return room / w.stride + 1;
}

const Shape& image(const std::string& who, const Shape& in) {
  if (in.size() != 3) fail(who + ": expected channels x height x width, got the shape " + text_of(in));
  return in;
}

void check_convolution(const std::string& who, const Attributes& a) { check_groups(who, a); }

void check_transposed(const std::string& who, const Attributes& a) {
  check_groups(who, a);
  const Extent more = extent(a, "output_padding"), s = extent(a, "stride"), d = extent(a, "dilation");
  if (more.h >= std::max(s.h, d.h) || more.w >= std::max(s.w, d.w)) {
    fail(who + ": 'output_padding' must be below the stride or the dilation");
  }
}

void check_pool(const std::string& who, const Attributes& a) {
  const Extent k = extent(a, "kernel"), p = extent(a, "padding");
  if (2 * p.h > k.h || 2 * p.w > k.w) fail(who + ": padding above half the kernel");
}

void check_dropout(const std::string& who, const Attributes& a) {
  if (!(a.number("p") < 1)) fail(who + ": attribute 'p' must be in [0, 1)");
}

void check_slice(const std::string& who, const Attributes& a) {
  if (a.integer("end") <= a.integer("begin")) fail(who + ": 'end' must be above 'begin'");
}

void check_chunk(const std::string& who, const Attributes& a) {
  if (a.integer("index") >= a.integer("chunks")) fail(who + ": 'index' must be below 'chunks'");
}

void check_upsample(const std::string& who, const Attributes& a) {
  const Extent scale = extent(a, "scale"), size = extent(a, "size");
  const bool scaled = scale.h > 0 && scale.w > 0, sized = size.h > 0 && size.w > 0;
  const bool halves = (scale.h > 0) != (scale.w > 0) || (size.h > 0) != (size.w > 0);
  if (scaled == sized || halves) fail(who + ": expected either 'scale' or 'size', of at least 1");
  if (a.integer("align_corners") != 0 && a.text("mode") != "bilinear") {
    fail(who + ": 'align_corners' needs the mode 'bilinear'");
  }
}

Shape same(const std::string&, const Attributes&, Op::Inputs in) { return in[0]; }

Shape same_image(const std::string& who, const Attributes&, Op::Inputs in) { return image(who, in[0]); }

Shape convolution(const std::string& who, const Attributes& a, Op::Inputs inputs) {
  const Shape& in = image(who, inputs[0]);
  check_channels(who, a.integer("in"), in);
  const Extent k = extent(a, "kernel"), s = extent(a, "stride"), d = extent(a, "dilation");
  const Sides p = sides(a);
  check_modes(who, a.text("padding_mode"), in, p);
  return {a.integer("out"), positions(who, in[1], {k.h, s.h, p.top + p.bottom, d.h}),
          positions(who, in[2], {k.w, s.w, p.left + p.right, d.w})};
}

Shape line_convolution(const std::string& who, const Attributes& a, Op::Inputs inputs) {
  const Shape& in = image(who, inputs[0]);
  if (in[1] != 1) fail(who + ": expected channels x 1 x length, got the shape " + text_of(in));
  check_channels(who, a.integer("in"), in);
  const Extent p = extent(a, "padding");  // before and after
  check_mode(who, a.text("padding_mode"), in[2], p.h, p.w);
  return {a.integer("out"), 1,
          positions(who, in[2], {a.integer("kernel"), a.integer("stride"), p.h + p.w, a.integer("dilation")})};
}

Shape transposed_convolution(const std::string& who, const Attributes& a, Op::Inputs inputs) {
  const Shape& in = image(who, inputs[0]);
  check_channels(who, a.integer("in"), in);
  const Extent k = extent(a, "kernel"), s = extent(a, "stride"), p = extent(a, "padding"), d = extent(a, "dilation"),
               more = extent(a, "output_padding");
  const Shape out = {a.integer("out"), (in[1] - 1) * s.h - 2 * p.h + d.h * (k.h - 1) + more.h + 1,
                     (in[2] - 1) * s.w - 2 * p.w + d.w * (k.w - 1) + more.w + 1};
  if (out[1] < 1 || out[2] < 1) fail(who + ": the padding leaves nothing of the shape " + text_of(in));
  return out;
}

Shape linear(const std::string& who, const Attributes& a, Op::Inputs inputs) {
  Shape in = inputs[0];
  if (in.empty() || in.back() != a.integer("in")) {
    fail(who + ": expected " + std::to_string(a.integer("in")) + " values, got the shape " + text_of(in));
  }
  in.back() = a.integer("out");
  return in;
}

Shape per_channel(const std::string& who, const Attributes& a, Op::Inputs in) {
  check_channels(who, a.integer("channels"), in[0]);
  return in[0];
}

Shape one_or_per_channel(const std::string& who, const Attributes& a, Op::Inputs in) {
  return a.integer("channels") == 1 ? in[0] : per_channel(who, a, in);
}

Shape sum(const std::string& who, const Attributes&, Op::Inputs in) {
  for (const Shape& other : in) {
    if (other != in[0]) fail(who + ": the shapes " + text_of(in[0]) + " and " + text_of(other) + " do not fit");
  }
  return in[0];
}

Shape scaled(const std::string& who, const Attributes&, Op::Inputs in) {
  Shape out = in[0];
  bool fits = in[0].size() == in[1].size();
  for (size_t i = 0; fits && i < out.size(); ++i) {
    fits = in[0][i] == in[1][i] || in[0][i] == 1 || in[1][i] == 1;
    out[i] = std::max(in[0][i], in[1][i]);
  }
  if (!fits) fail(who + ": the shapes " + text_of(in[0]) + " and " + text_of(in[1]) + " do not fit");
  return out;
}

Shape joined(const std::string& who, const Attributes&, Op::Inputs in) {
  Shape out = in[0];
  if (out.empty()) fail(who + ": nothing to join in a shape without axes");
  for (const Shape& other : in.subspan(1)) {
    if (other.size() != out.size() || !std::equal(other.begin() + 1, other.end(), out.begin() + 1)) {
      fail(who + ": the shapes " + text_of(out) + " and " + text_of(other) + " do not fit");
    }
    out[0] += other[0];
  }
  return out;
}

Shape flat(const std::string&, const Attributes&, Op::Inputs in) { return {product(in[0])}; }

Shape pooled(const std::string& who, const Attributes& a, Op::Inputs inputs) {
  const Shape& in = image(who, inputs[0]);
  const Extent k = extent(a, "kernel"), s = extent(a, "stride"), p = extent(a, "padding");
  const Extent d = a.has("dilation") ? extent(a, "dilation") : Extent{};
  const bool ceil = a.integer("ceil_mode") != 0;
  const Window rows{k.h, s.h, 2 * p.h, d.h}, columns{k.w, s.w, 2 * p.w, d.w};
  const Shape out = {in[0], pool_positions(who, in[1], rows, p.h, ceil),
                     pool_positions(who, in[2], columns, p.w, ceil)};
  check_windows(who, in[1], rows, p.h, out[1]);
  check_windows(who, in[2], columns, p.w, out[2]);
  return out;
}

Shape pooled_to_size(const std::string& who, const Attributes& a, Op::Inputs in) {
  const Extent size = extent(a, "size");
  return {image(who, in[0])[0], size.h, size.w};
}

Shape pooled_to_one(const std::string& who, const Attributes&, Op::Inputs in) { return {image(who, in[0])[0], 1, 1}; }

Shape subsampled(const std::string& who, const Attributes& a, Op::Inputs inputs) {
  const Shape& in = image(who, inputs[0]);
  const int64_t s = a.integer("stride");
  return {in[0] + a.integer("before") + a.integer("after"), (in[1] + s - 1) / s, (in[2] + s - 1) / s};
}

Shape padded(const std::string& who, const Attributes& a, Op::Inputs inputs) {
  const Shape& in = image(who, inputs[0]);
  const Sides p = sides(a);
  check_modes(who, a.text("mode"), in, p);
  return {in[0], in[1] + p.top + p.bottom, in[2] + p.left + p.right};
}

Shape sliced(const std::string& who, const Attributes& a, Op::Inputs in) {
  Shape out = in[0];
  const size_t axis = axis_of(who, a, out);
  if (a.integer("end") > out[axis]) {
    fail(who + ": 'end' is " + std::to_string(a.integer("end")) + ", but the shape is " + text_of(out));
  }
  const int64_t step = a.integer("step");
  out[axis] = (a.integer("end") - a.integer("begin") + step - 1) / step;
  return out;
}

Shape chunked(const std::string& who, const Attributes& a, Op::Inputs in) {
  Shape out = in[0];
  const size_t axis = axis_of(who, a, out);
  const int64_t size = out[axis], chunks = a.integer("chunks"), each = (size + chunks - 1) / chunks;
  const int64_t begin = each * a.integer("index");
  if (begin >= size) {
    fail(who + ": " + std::to_string(size) + " values give fewer than " + std::to_string(a.integer("index") + 1) +
         " chunks of " + std::to_string(each));
  }
  out[axis] = std::min(each, size - begin);
  return out;
}

Shape shuffled(const std::string& who, const Attributes& a, Op::Inputs inputs) {
  const Shape& in = image(who, inputs[0]);
  if (in[0] % a.integer("groups") != 0) {
    fail(who + ": " + std::to_string(a.integer("groups")) + " groups do not divide " + std::to_string(in[0]) +
         " channels");
  }
  return in;
}

Shape upsampled(const std::string& who, const Attributes& a, Op::Inputs inputs) {
  const Shape& in = image(who, inputs[0]);
  const Extent size = extent(a, "size"), scale = extent(a, "scale");
  return size.h > 0 ? Shape{in[0], size.h, size.w} : Shape{in[0], in[1] * scale.h, in[2] * scale.w};
}

Shape convolution_weight(const Attributes& a) {
  const Extent k = extent(a, "kernel");
  return {a.integer("out"), a.integer("in") / a.integer("groups"), k.h, k.w};
}

Shape line_weight(const Attributes& a) {
  return {a.integer("out"), a.integer("in") / a.integer("groups"), a.integer("kernel")};
}

Shape transposed_weight(const Attributes& a) {
  const Extent k = extent(a, "kernel");
  return {a.integer("in"), a.integer("out") / a.integer("groups"), k.h, k.w};
}

Shape linear_weight(const Attributes& a) { return {a.integer("out"), a.integer("in")}; }

int64_t macs_per_output(const Attributes& a, const Shape&, const Shape& out) {
  Shape factors = {product(out), a.integer("in") / a.integer("groups", 1)};
  if (!a.has("kernel")) return product(factors);
  if (const auto* both = std::get_if<std::vector<int64_t>>(&a.items().at("kernel"))) {
    factors.insert(factors.end(), both->begin(), both->end());
  } else {
    factors.push_back(a.integer("kernel"));
  }
  return product(factors);
}

int64_t macs_per_input(const Attributes& a, const Shape& in, const Shape&) {
  const Extent k = extent(a, "kernel");
  return product({product(in), a.integer("out") / a.integer("groups"), k.h, k.w});
}

}  // namespace dsnn::rules
