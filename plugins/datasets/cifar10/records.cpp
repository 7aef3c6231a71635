#include "records.h"

#include <zstd.h>

#include <fstream>
#include <memory>
#include <optional>

#include "dsnn/error.h"

namespace dsnn_cifar10 {
namespace {

constexpr size_t kPixels = 3 * 32 * 32;
constexpr size_t kRecord = kPixels + 1;
constexpr size_t kMaxRecords = 100'000;

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw dsnn::ConfigError(dsnn::SourceLocation{file.string()}, "the CIFAR-10 file " + what, "fetch the data set again");
}

std::vector<uint8_t> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) refuse(file, "cannot be opened");
  const uintmax_t size = std::filesystem::file_size(file);
  if (size > kMaxRecords * kRecord) refuse(file, "is larger than " + std::to_string(kMaxRecords) + " records");
  std::vector<uint8_t> bytes(size);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!in) refuse(file, "cannot be read to its end");
  return bytes;
}

/// Streams, because a frame need not declare its size; the limit holds for what comes out.
std::vector<uint8_t> decompressed(const std::filesystem::path& file, const std::vector<uint8_t>& packed) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  if (!context) throw std::bad_alloc();
  std::vector<uint8_t> bytes(10'000 * kRecord);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  size_t done = 0, state = 1;
  while (in.pos < in.size) {
    if (done == bytes.size()) bytes.resize(std::min(2 * bytes.size(), kMaxRecords * kRecord + 1));
    ZSTD_outBuffer out{bytes.data(), bytes.size(), done};
    state = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(state) != 0)
      refuse(file,
             "is damaged (" + std::string(ZSTD_getErrorName(state)) + " near byte " + std::to_string(in.pos) + ")");
    done = out.pos;
    if (done > kMaxRecords * kRecord) refuse(file, "is larger than " + std::to_string(kMaxRecords) + " records");
  }
  if (state != 0) refuse(file, "is cut off at byte " + std::to_string(packed.size()));
  bytes.resize(done);
  return bytes;
}

/// The size that the frames of a compressed file declare, without unpacking them; nullopt when one does not say.
std::optional<uint64_t> declared_size(const std::filesystem::path& file, const std::vector<uint8_t>& packed) {
  uint64_t total = 0;
  for (size_t at = 0; at < packed.size();) {
    const uint8_t* frame = packed.data() + at;
    const size_t length = ZSTD_findFrameCompressedSize(frame, packed.size() - at);
    if (ZSTD_isError(length) != 0)
      refuse(file, "is damaged or cut off (" + std::string(ZSTD_getErrorName(length)) + ")");
    const unsigned long long size = ZSTD_getFrameContentSize(frame, packed.size() - at);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return std::nullopt;
    total += size;
    at += length;
  }
  return total;
}

/// Throws unless `bytes` are whole records, and at least one.
size_t records_in(const std::filesystem::path& file, uint64_t bytes) {
  if (bytes == 0 || bytes % kRecord != 0) {
    refuse(file, "has " + std::to_string(bytes) + " bytes, expected a multiple of " + std::to_string(kRecord));
  }
  return bytes / kRecord;
}

}  // namespace

int64_t count_records(const std::filesystem::path& file) {
  std::error_code error;
  if (file.extension() != ".zst") {
    const uintmax_t size = std::filesystem::file_size(file, error);
    if (error) refuse(file, "cannot be opened");
    return static_cast<int64_t>(records_in(file, size));
  }
  const std::vector<uint8_t> packed = bytes_of(file);
  const std::optional<uint64_t> size = declared_size(file, packed);
  return static_cast<int64_t>(records_in(file, size ? *size : decompressed(file, packed).size()));
}

void append_records(const std::filesystem::path& file, dsnn::ImageTable& table) {
  std::vector<uint8_t> bytes = bytes_of(file);
  if (file.extension() == ".zst") bytes = decompressed(file, bytes);
  const size_t records = records_in(file, bytes.size());
  table.channels = 3, table.height = 32, table.width = 32;
  table.pixels.reserve(table.pixels.size() + records * kPixels);
  for (size_t at = 0; at < bytes.size(); at += kRecord) {
    if (bytes[at] >= 10)
      refuse(file,
             "holds the label " + std::to_string(bytes[at]) + " at byte " + std::to_string(at) + ", expected 0..9");
    table.labels.push_back(bytes[at]);
    const uint8_t* pixels = bytes.data() + at + 1;
    table.pixels.insert(table.pixels.end(), pixels, pixels + kPixels);
  }
}

}  // namespace dsnn_cifar10
