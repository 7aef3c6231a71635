#include "plugin/handshake.h"

#include <vector>

#include "dsnn/build_info.h"

namespace dsnn::plugin {
namespace {

std::string family(const std::string& compiler) { return compiler.substr(0, compiler.find(' ')); }

std::string abi_name(int cxx11_abi) {
  return cxx11_abi == 1 ? "the C++11 ABI" : "the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0)";
}

std::string sanitizer_name(const std::string& sanitizers) {
  return sanitizers.empty() ? "no sanitizers" : "sanitizers " + sanitizers;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += i + 1 == parts.size() ? " and " : ", ";
    out += parts[i];
  }
  return out;
}

}  // namespace

BuildInfo own_build_info() {
  const std::string torch = DSNN_TORCH_VERSION;
  return {.compiler = DSNN_COMPILER,
          .cxx11_abi = DSNN_CXX11_ABI[0] - '0',
          .torch = torch.empty() ? "none" : torch,
          .cuda = "none",
          .sanitizers = DSNN_SANITIZERS,
          .ndebug = std::string(DSNN_NDEBUG) == "true",
          .api_hash = DSNN_API_HASH};
}

std::string mismatch(const BuildInfo& theirs, const BuildInfo& ours) {
  std::vector<std::string> built, has;
  if (theirs.torch != "none" && theirs.torch != ours.torch) {
    built.push_back("LibTorch " + theirs.torch);
    has.push_back(ours.torch == "none" ? "no LibTorch" : "LibTorch " + ours.torch);
  }
  if (family(theirs.compiler) != family(ours.compiler)) {
    built.push_back("compiler " + theirs.compiler);
    has.push_back("compiler " + ours.compiler);
  }
  if (theirs.cxx11_abi != ours.cxx11_abi) {
    built.push_back(abi_name(theirs.cxx11_abi));
    has.push_back(abi_name(ours.cxx11_abi));
  }
  if (theirs.sanitizers != ours.sanitizers) {
    built.push_back(sanitizer_name(theirs.sanitizers));
    has.push_back(sanitizer_name(ours.sanitizers));
  }
  if (theirs.api_hash != ours.api_hash) {
    built.push_back("plugin API " + theirs.api_hash);
    has.push_back("plugin API " + ours.api_hash);
  }
  if (built.empty()) return "";
  return "was built for " + joined(built) + "; this dsnn-run has " + joined(has);
}

}  // namespace dsnn::plugin
