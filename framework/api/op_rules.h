#pragma once

#include <string>

#include "dsnn/op_table.h"

/// Shape and count rules behind the rows of the op table.
namespace dsnn::rules {

[[noreturn]] void fail(const std::string& text);

/// "[3, 8, 8]".
std::string text_of(const Shape& shape);

/// Positions of a window of `kernel` values over `size` values with `padding` values in all.
struct Window {
  int64_t kernel = 1, stride = 1, padding = 0, dilation = 1;
};
int64_t positions(const std::string& who, int64_t size, const Window& window);

/// Throws unless the shape is channels x height x width.
const Shape& image(const std::string& who, const Shape& in);

void check_convolution(const std::string& who, const Attributes& a);
void check_transposed(const std::string& who, const Attributes& a);
void check_pool(const std::string& who, const Attributes& a);
void check_dropout(const std::string& who, const Attributes& a);
void check_slice(const std::string& who, const Attributes& a);
void check_chunk(const std::string& who, const Attributes& a);
void check_upsample(const std::string& who, const Attributes& a);

Shape same(const std::string& who, const Attributes& a, Op::Inputs in);
Shape same_image(const std::string& who, const Attributes& a, Op::Inputs in);
Shape convolution(const std::string& who, const Attributes& a, Op::Inputs in);
Shape line_convolution(const std::string& who, const Attributes& a, Op::Inputs in);
Shape transposed_convolution(const std::string& who, const Attributes& a, Op::Inputs in);
Shape linear(const std::string& who, const Attributes& a, Op::Inputs in);
Shape per_channel(const std::string& who, const Attributes& a, Op::Inputs in);
Shape one_or_per_channel(const std::string& who, const Attributes& a, Op::Inputs in);
Shape sum(const std::string& who, const Attributes& a, Op::Inputs in);
Shape scaled(const std::string& who, const Attributes& a, Op::Inputs in);
Shape joined(const std::string& who, const Attributes& a, Op::Inputs in);
Shape flat(const std::string& who, const Attributes& a, Op::Inputs in);
Shape pooled(const std::string& who, const Attributes& a, Op::Inputs in);
Shape pooled_to_size(const std::string& who, const Attributes& a, Op::Inputs in);
Shape pooled_to_one(const std::string& who, const Attributes& a, Op::Inputs in);
Shape subsampled(const std::string& who, const Attributes& a, Op::Inputs in);
Shape padded(const std::string& who, const Attributes& a, Op::Inputs in);
Shape sliced(const std::string& who, const Attributes& a, Op::Inputs in);
Shape chunked(const std::string& who, const Attributes& a, Op::Inputs in);
Shape shuffled(const std::string& who, const Attributes& a, Op::Inputs in);
Shape upsampled(const std::string& who, const Attributes& a, Op::Inputs in);

Shape convolution_weight(const Attributes& a);
Shape line_weight(const Attributes& a);
Shape transposed_weight(const Attributes& a);
Shape linear_weight(const Attributes& a);

int64_t macs_per_output(const Attributes& a, const Shape& in, const Shape& out);
int64_t macs_per_input(const Attributes& a, const Shape& in, const Shape& out);

}  // namespace dsnn::rules
