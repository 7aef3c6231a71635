#include "idx.h"

#include <zlib.h>

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

}  // namespace

IdxFile read_idx(const std::filesystem::path& file, size_t rank) {
  GzFile in(file);
  uint8_t header[4 + 4 * kMaxRank] = {};
  in.read(header, 4);
  if (header[0] != 0 || header[1] != 0 || header[2] != 0x08)
    in.fail("has the wrong magic number: expected 00 00 08, an array of bytes");
  if (header[3] != rank) in.fail("has " + std::to_string(header[3]) + " dimensions, expected " + std::to_string(rank));
  in.read(header + 4, 4 * rank);
  IdxFile idx;
  uint64_t count = 1;
  for (size_t i = 0; i < rank; ++i) {
    const uint64_t extent = big_endian(header + 4 + 4 * i);
    if (__builtin_mul_overflow(count, extent, &count) || count > kMaxBytes) in.fail("declares more than 1 GiB of data");
    idx.shape.push_back(static_cast<int64_t>(extent));
  }
  if (count == 0) in.fail("declares no data");
  idx.bytes.resize(count);
  in.read(idx.bytes.data(), count);
  in.expect_end();
  return idx;
}

}  // namespace dsnn_mnist
