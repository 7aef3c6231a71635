#include "nn/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>

namespace dsnn::nn {
namespace {

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// A file with this header and this much data.
std::string file_with(const std::string& header, size_t data_bytes) {
  std::string out;
  for (size_t i = 0; i < 8; ++i) out += static_cast<char>((header.size() >> (8 * i)) & 0xFF);
  return out + header + std::string(data_bytes, '\0');
}

std::string problem_of(const std::string& file) {
  try {
    parse_safetensors(bytes_of(file));
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

TEST(Safetensors, ReadsBackWhatItWrote) {
  const std::vector<float> weight = {1, 2, 3, 4, 5, 6};
  const std::vector<int64_t> steps = {7};
  const auto raw = [](const auto& v) {
    return std::span<const uint8_t>(reinterpret_cast<const uint8_t*>(v.data()), v.size() * sizeof(v[0]));
  };
  const std::string file = write_safetensors(
      {{"a.weight", {"F32", {2, 3}, raw(weight)}}, {"steps", {"I64", {}, raw(steps)}}}, {{"made_by", "a test"}});
  const SafetensorsIndex index = parse_safetensors(bytes_of(file));
  EXPECT_EQ(index.metadata.at("made_by"), "a test");
  EXPECT_EQ(index.tensors.at("a.weight").shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(std::memcmp(index.tensors.at("a.weight").bytes.data(), weight.data(), 24), 0);
  EXPECT_TRUE(index.tensors.at("steps").shape.empty());
  EXPECT_EQ((index.tensors.at("steps").bytes.data() - bytes_of(file).data()) % 8, 0) << "wide types are aligned";
}

TEST(Safetensors, AcceptsEmptyFilesAndEmptyTensors) {
  EXPECT_EQ(problem_of(file_with("{}", 0)), "");
  EXPECT_EQ(problem_of(file_with(R"({"e":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]}}   )", 0)), "");
}

TEST(Safetensors, RefusesAHeaderLengthTheFileCannotHold) {
  EXPECT_NE(problem_of("short"), "");
  std::string file = file_with("{}", 0);
  file[7] = '\x7F';
  EXPECT_NE(problem_of(file).find("header length"), std::string::npos);
  file = file_with("{}", 0);
  file[0] = 3;
  EXPECT_NE(problem_of(file).find("header length"), std::string::npos);
}

TEST(Safetensors, RefusesWhatDoesNotAddUp) {
  const auto one = [](const std::string& entry, size_t data) {
    return problem_of(file_with("{\"t\":" + entry + "}", data));
  };
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 8), "");
  EXPECT_NE(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", 4), "") << "fewer bytes than the shape needs";
  EXPECT_NE(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 4), "") << "past the end";
  EXPECT_NE(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 12), "") << "bytes nobody owns";
  EXPECT_NE(one(R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})", 12), "") << "a hole in front";
  EXPECT_NE(one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", 8), "");
  EXPECT_NE(one(R"({"dtype":"F31","shape":[2],"data_offsets":[0,8]})", 8), "");
  EXPECT_NE(one(R"({"dtype":"F32","shape":[2]})", 8), "");
  EXPECT_NE(one(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})", 0), "") << "overflow to 0";
  EXPECT_NE(one(R"({"dtype":"F32","shape":[0,4611686018427387904,4611686018427387904],"data_offsets":[0,0]})", 0), "")
      << "an empty tensor whose strides overflow";
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[0,1000000,3],"data_offsets":[0,0]})", 0), "");
  EXPECT_NE(one(R"({"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]})", 1), "") << "nine axes";
  EXPECT_NE(one("[1]", 0), "");
}

TEST(Safetensors, RefusesOverlapsDuplicatesAndBrokenJson) {
  const std::string t = R"({"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
  EXPECT_NE(problem_of(file_with("{\"a\":" + t + ",\"b\":" + t + "}", 2)), "");
  EXPECT_NE(problem_of(file_with("{\"a\":" + t + ",\"a\":" + t + "}", 2)), "");
  EXPECT_NE(problem_of(file_with("{\"a\":", 2)), "");
  EXPECT_NE(problem_of(file_with("[]", 0)), "");
  EXPECT_NE(problem_of(file_with(R"({"__metadata__":{"k":1}})", 0)), "");
}

TEST(Safetensors, RefusesToWriteBytesThatDoNotMatchTheShape) {
  const std::vector<uint8_t> bytes(3);
  EXPECT_THROW(write_safetensors({{"a", {"F32", {1}, bytes}}}), std::invalid_argument);
}

}  // namespace
}  // namespace dsnn::nn
