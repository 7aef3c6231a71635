// libFuzzer entry: any bytes give an index whose views lie inside the file, or std::invalid_argument.
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "dsnn/error.h"
#include "nn/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const dsnn::nn::SafetensorsIndex index = dsnn::nn::parse_safetensors({data, size});
    uint64_t covered = 0;
    for (const auto& [name, view] : index.tensors) {
      DSNN_ASSERT(view.bytes.empty() ||
                  (view.bytes.data() >= data && view.bytes.data() + view.bytes.size() <= data + size));
      covered += view.bytes.size();
    }
    DSNN_ASSERT(covered <= size);
    const std::string again = dsnn::nn::write_safetensors(index.tensors, index.metadata);
    const auto* bytes = reinterpret_cast<const uint8_t*>(again.data());
    DSNN_ASSERT(dsnn::nn::parse_safetensors({bytes, again.size()}).tensors.size() == index.tensors.size());
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
