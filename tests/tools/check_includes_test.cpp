#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/wait.h>

#include "support/temporary_folder.h"

/// tools/ci/check-includes on small source trees.
namespace dsnn::test {
namespace {

namespace fs = std::filesystem;

struct Verdict {
  int exit_code = -1;
  std::string text;
};

class CheckIncludes : public testing::Test {
 protected:
  CheckIncludes() {
    write("framework/README.md",
          "| folder | what it holds | library |\n|---|---|---|\n"
          "| `api/dsnn` | Interfaces `A`, `B`. | `libdsnn_api.so` |\n"
          "| `log` | Sinks. | `libdsnn_core.so` |\n"
          "| `store` | Files. | core |\n"
          "| `config` | YAML. | core |\n"
          "| `training` | The loop. | torch |\n");
    write("framework/api/dsnn/value.h", "#pragma once\n");
    write("framework/log/log.cpp", "#include <spdlog/spdlog.h>\n\n#include \"dsnn/value.h\"\n");
    write("framework/store/file.cpp", "#include \"store/file.h\"\n#include \"log/log.h\"\n");
    write("framework/config/spec.cpp", "#include <yaml-cpp/yaml.h>\n\n#include \"store/file.h\"\n");
    write("framework/training/loop.cpp", "#include <ATen/ATen.h>\n#include \"config/spec.h\"\n");
    write("plugins/sgd/plugin.cpp", "#include \"dsnn/value.h\"\n");
    write("tools/dsnn-run/main.cpp", "#include \"config/spec.h\"\n");
    fs::create_directories(tree_.path() / "kernels");
    fs::create_directories(tree_.path() / "tests");
  }

  void write(const fs::path& name, const std::string& text) const {
    fs::create_directories((tree_.path() / name).parent_path());
    std::ofstream(tree_.path() / name) << text;
  }

  Verdict check() const {
    const std::string command = std::string(DSNN_SOURCE_DIR) + "/tools/ci/check-includes " + tree_.path().string();
    Verdict out;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out.text += static_cast<char>(c);
    const int status = ::pclose(pipe);
    if (WIFEXITED(status)) out.exit_code = WEXITSTATUS(status);
    return out;
  }

  void expect_refused(const fs::path& file, const std::string& line, const std::string& sentence) const {
    write(file, "#pragma once\n" + line + "\n");
    const Verdict verdict = check();
    EXPECT_EQ(verdict.exit_code, 1) << line;
    EXPECT_NE(verdict.text.find(sentence), std::string::npos) << verdict.text;
    EXPECT_NE(verdict.text.find(file.string() + ":2:" + line), std::string::npos) << verdict.text;
    fs::remove(tree_.path() / file);
  }

 private:
  TemporaryFolder tree_;
};

TEST_F(CheckIncludes, GoodTreePasses) {
  const Verdict verdict = check();
  EXPECT_EQ(verdict.exit_code, 0) << verdict.text;
  EXPECT_EQ(verdict.text, "");
}

TEST_F(CheckIncludes, FolderThatIncludesOneBelowItIsRefused) {
  expect_refused("framework/store/bad.h", "#include \"config/spec.h\"",
                 "framework/store includes a folder that stands below");
  expect_refused("framework/store/deep/bad.h", "#include \"../config/spec.h\"", "framework/store includes a folder");
  expect_refused("framework/config/bad.cpp", "#include \"training/loop.h\"", "framework/config includes a folder");
  expect_refused("framework/api/dsnn/bad.h", "#include <log/log.h>", "framework/api includes a folder");
  EXPECT_EQ(check().exit_code, 0);
}

TEST_F(CheckIncludes, OtherLibrariesStayWhereTheyBelong) {
  expect_refused("framework/store/bad.cpp", "#include <ATen/ATen.h>", "no LibTorch in the driver's libraries");
  expect_refused("tools/dsnn-run/bad.cpp", "#include \"torch/script.h\"", "no LibTorch in the driver's libraries");
  expect_refused("framework/store/bad.cpp", "#include <spdlog/spdlog.h>", "only framework/log includes spdlog");
  expect_refused("plugins/sgd/bad.cpp", "#include \"store/file.h\"",
                 "a plugin includes only framework/api and kernels");
  expect_refused("kernels/bad.h", "#include \"dsnn/value.h\"", "kernels include neither torch nor framework");
}

TEST_F(CheckIncludes, FolderThatTheTableDoesNotNameIsRefused) {
  write("framework/extra/a.cpp", "\n");
  const Verdict verdict = check();
  EXPECT_EQ(verdict.exit_code, 1);
  EXPECT_NE(verdict.text.find("framework/extra is not in the table"), std::string::npos) << verdict.text;
}

TEST_F(CheckIncludes, TreeWithoutATableIsRefused) {
  write("framework/README.md", "Folders, somehow.\n");
  const Verdict verdict = check();
  EXPECT_EQ(verdict.exit_code, 1);
  EXPECT_NE(verdict.text.find("has no table of the folders"), std::string::npos) << verdict.text;
}

}  // namespace
}  // namespace dsnn::test
