#include "plugin/handshake.h"

#include <gtest/gtest.h>

namespace dsnn::plugin {
namespace {

const BuildInfo kOurs{.compiler = "GNU 12",
                      .cxx11_abi = 1,
                      .torch = "2.11.0",
                      .cuda = "none",
                      .sanitizers = "",
                      .ndebug = true,
                      .api_hash = "aa"};

TEST(Handshake, AcceptsItsOwnBuild) { EXPECT_EQ(mismatch(own_build_info(), own_build_info()), ""); }

TEST(Handshake, AcceptsAPluginWithoutLibTorchAndAnotherCompilerVersion) {
  BuildInfo theirs = kOurs;
  theirs.torch = "none";
  theirs.compiler = "GNU 13";
  theirs.ndebug = false;
  EXPECT_EQ(mismatch(theirs, kOurs), "");
}

TEST(Handshake, NamesBothVersions) {
  BuildInfo theirs = kOurs;
  theirs.torch = "2.10.0";
  EXPECT_EQ(mismatch(theirs, kOurs), "was built for LibTorch 2.10.0; this dsnn-run has LibTorch 2.11.0");
}

TEST(Handshake, PutsAllMismatchesIntoOneSentence) {
  const BuildInfo theirs{.compiler = "Clang 15",
                         .cxx11_abi = 0,
                         .torch = "2.10.0",
                         .cuda = "none",
                         .sanitizers = "address",
                         .ndebug = true,
                         .api_hash = "bb"};
  EXPECT_EQ(mismatch(theirs, kOurs),
            "was built for LibTorch 2.10.0, compiler Clang 15, the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0), "
            "sanitizers address and plugin API bb; this dsnn-run has LibTorch 2.11.0, compiler GNU 12, "
            "the C++11 ABI, no sanitizers and plugin API aa");
}

}  // namespace
}  // namespace dsnn::plugin
