// libFuzzer entry: any bytes give a tree or a ConfigError, within the limits.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/document.h"
#include "dsnn/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dsnn::config::Sources sources;
  try {
    dsnn::config::parse_document({reinterpret_cast<const char*>(data), size},
                                 {.name = "fuzz.yaml", .folder = {}, .lines = {}}, sources);
  } catch (const dsnn::ConfigError& e) {
    for (const dsnn::Diagnostic& diagnostic : e.diagnostics()) static_cast<void>(dsnn::format(diagnostic));
  }
  return 0;
}
