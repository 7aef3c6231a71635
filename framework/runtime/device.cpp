#include "runtime/device.h"

#include <dlfcn.h>

#include <charconv>
#include <optional>

#include "dsnn/error.h"

namespace dsnn::runtime {
namespace {

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  throw ConfigError(SourceLocation{"execution.device"}, message, hint);
}

/// "" = loaded. The driver library is asked first: without it libtorch_cuda loads, but has no device.
std::string load_cuda() {
  if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL) == nullptr)
    return "this machine has no NVIDIA driver (libcuda.so.1)";
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) != nullptr) return "";
  const char* why = dlerror();
  return "libtorch_cuda.so cannot be loaded (" + std::string(why == nullptr ? "no reason given" : why) + ")";
}

/// Number of devices, through the driver's own interface: LibTorch's hooks must not be asked yet.
int device_count() {
  using Init = int (*)(unsigned);
  using Count = int (*)(int*);
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return 0;
  const auto init = reinterpret_cast<Init>(dlsym(driver, "cuInit"));
  const auto count = reinterpret_cast<Count>(dlsym(driver, "cuDeviceGetCount"));
  int devices = 0;
  if (init == nullptr || count == nullptr || init(0) != 0 || count(&devices) != 0) return 0;
  return devices;
}

std::optional<int> cuda_index(const std::string& text) {
  if (text == "cuda") return 0;
  if (text.rfind("cuda:", 0) != 0) return std::nullopt;
  int index = -1;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + 5, end, index);
  if (parsed.ec != std::errc() || parsed.ptr != end || index < 0) return std::nullopt;
  return index;
}

}  // namespace

c10::Device select_device(const std::string& text) {
  if (text.empty() || text == "auto" || text == "cpu") return c10::Device(c10::DeviceType::CPU);
  const std::optional<int> index = cuda_index(text);
  if (!index) refuse("'" + text + "' is no device: expected auto, cpu, cuda or cuda:N", "");
  static const std::string why_not = load_cuda();
  if (!why_not.empty())
    refuse("got '" + text + "', but " + why_not,
           "use 'cpu', or run tools/setup --cuda on a machine with an NVIDIA GPU");
  const int devices = device_count();
  if (*index >= devices) {
    refuse("got '" + text + "', but the driver offers " + std::to_string(devices) + " device(s)",
           "devices count from 0; 'cpu' always works");
  }
  return c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(*index));
}

}  // namespace dsnn::runtime
