#include "idx.h"

#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>

#include "dsnn/error.h"

namespace dsnn_mnist {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{1} << 30;
constexpr size_t kMaxRank = 3;

/// gzread reads plain files too, and checks the CRC of gzipped ones when their end is reached.
class GzFile {
 public:
  explicit GzFile(const std::filesystem::path& path) : path_(path), file_(gzopen(path.c_str(), "rb"), &gzclose) {
    if (!file_) fail("cannot be opened");
    gzbuffer(file_.get(), 1U << 17U);
  }

  void read(uint8_t* into, uint64_t count) {
    uint64_t done = 0;
    while (done < count) {
      const int got =
          gzread(file_.get(), into + done, static_cast<unsigned>(std::min<uint64_t>(count - done, 1U << 30U)));
      if (got <= 0)
        fail_here("ends at byte " + std::to_string(offset_ + done) + ", expected " + std::to_string(offset_ + count) +
                  " or more");
      done += static_cast<uint64_t>(got);
    }
    offset_ += count;
  }

  void expect_end() {
    uint8_t extra = 0;
    const int got = gzread(file_.get(), &extra, 1);
    if (got > 0) fail("has more bytes than its header says: expected " + std::to_string(offset_));
    int code = Z_OK;
    const char* text = gzerror(file_.get(), &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) fail(std::string("is damaged (") + text + ")");
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw dsnn::ConfigError(dsnn::SourceLocation{path_.string()}, "the IDX file " + what, "fetch the data set again");
  }

 private:
  [[noreturn]] void fail_here(const std::string& what) const {
    int code = Z_OK;
    const char* text = gzerror(file_.get(), &code);
    fail(code == Z_OK || code == Z_STREAM_END ? what : std::string("is damaged (") + text + ")");
  }

  std::filesystem::path path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
  uint64_t offset_ = 0;
};

uint32_t big_endian(const uint8_t* bytes) {
  return static_cast<uint32_t>(bytes[0]) << 24U | static_cast<uint32_t>(bytes[1]) << 16U |
         static_cast<uint32_t>(bytes[2]) << 8U | bytes[3];
}

struct Header {
  std::vector<int64_t> shape;
  uint64_t bytes = 4;    ///< of the header itself
  uint64_t payload = 1;  ///< bytes after it
};

Header read_header(GzFile& in, size_t rank) {
  uint8_t bytes[4 + 4 * kMaxRank] = {};
  in.read(bytes, 4);
  if (bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 0x08)
    in.fail("has the wrong magic number: expected 00 00 08, an array of bytes");
  if (bytes[3] != rank) in.fail("has " + std::to_string(bytes[3]) + " dimensions, expected " + std::to_string(rank));
  in.read(bytes + 4, 4 * rank);
  Header header;
  header.bytes += 4 * rank;
  for (size_t i = 0; i < rank; ++i) {
    const uint64_t extent = big_endian(bytes + 4 + 4 * i);
    if (__builtin_mul_overflow(header.payload, extent, &header.payload) || header.payload > kMaxBytes)
      in.fail("declares more than 1 GiB of data");
    header.shape.push_back(static_cast<int64_t>(extent));
  }
  if (header.payload == 0) in.fail("declares no data");
  return header;
}

/// The size of what a file holds, by its own word: that of a plain file, or what the trailer of gzip says (of its last
/// member, modulo 4 GiB). 0 when the file is too short for either.
uint64_t declared_size(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  uint8_t bytes[4] = {};
  in.read(reinterpret_cast<char*>(bytes), 2);
  const bool packed = bytes[0] == 0x1F && bytes[1] == 0x8B;
  in.seekg(packed ? -4 : 0, std::ios::end);
  if (!packed) return in ? static_cast<uint64_t>(in.tellg()) : 0;
  in.read(reinterpret_cast<char*>(bytes), 4);
  std::reverse(bytes, bytes + 4);  // it is little-endian
  return in ? big_endian(bytes) : 0;
}

}  // namespace

std::vector<int64_t> idx_shape(const std::filesystem::path& file, size_t rank) {
  GzFile in(file);
  const Header header = read_header(in, rank);
  return declared_size(file) == header.bytes + header.payload ? header.shape : read_idx(file, rank).shape;
}

IdxFile read_idx(const std::filesystem::path& file, size_t rank) {
  GzFile in(file);
  const Header header = read_header(in, rank);
  IdxFile idx{.shape = header.shape, .bytes = std::vector<uint8_t>(header.payload)};
  in.read(idx.bytes.data(), header.payload);
  in.expect_end();
  return idx;
}

}  // namespace dsnn_mnist
